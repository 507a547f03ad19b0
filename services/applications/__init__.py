"""Applications 办件: one row for each thing a member asks for, with its case number, facts, quote and states.

Invariants: one money application in flight for an account; one of each other item; every change of state is an
edge of the kind's table and leaves a transition row.
"""
