"""Withdrawals 提取: money out of a member's fund, from approval to arrival or return.

Invariants: the amount leaves the available balance at approval (journal 1, hold); it leaves the centre only when
the bank's movement is matched (journal 2, settle); otherwise it goes back (journal 3, reverse).
"""
