"""Reconciliation 对账: the bank's statement against what it told us, what we ordered and what we booked.

Whatever does not agree is a row 差错 that two people close; nothing is reversed by itself.
"""
