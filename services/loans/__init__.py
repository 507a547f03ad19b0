"""Loans 住房公积金个人住房贷款: contract, plan, repayment, prepayment and settlement, as far as self-service needs them.

Invariants: principal repaid and still owed make the principal drawn; the plan in force ends at zero; what a loan owes
equals its postings on 121 and 122; a repayment is booked once.
"""
