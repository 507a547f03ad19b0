"""Reviews 人工审核: cases that a rule leaves to people. One claims and proposes, another decides.

Invariants, all held by the database: one live claim for a case; who proposes holds the claim; who decides is
somebody else; opinions and decisions are written once; no case leaves `in_review` for an outcome other than the one
a second person confirmed.
"""
