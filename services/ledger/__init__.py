"""Ledger 总账: double-entry journals in fen, append-only; the only folder that touches ledger tables.

Invariants: every journal sums to zero; a member's balance equals the sum of their postings; balance and hold
are never negative; a business reference posts once.
"""
