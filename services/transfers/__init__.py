"""Transfers between cities 异地转移接续: a letter to the former centre, its answer, and the money that comes with it.

Invariants: a letter is paid once; a completed transfer has exactly one credit journal; nothing is credited without a
letter, and nothing the bank showed us is forgotten.
"""
