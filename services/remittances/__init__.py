"""Remittances 汇缴批次: an employer's month of contributions, from its file to the members' books, in sets.

A batch posts nothing unless every line of it is right and its money is on the centre's account; until then the money
lies on 汇缴暂收 21902. A line is posted once: the month of an account is a key.
"""
