"""Standing agreements 约定提取/冲还贷: signed once, run by a job on their day, ended by the member or by themselves.

Invariants: one agreement in force for an account; one run for an agreement and a day.
"""
