"""Audit trail 审计: append-only, hash-chained for each account; says who did what to whom and when."""
