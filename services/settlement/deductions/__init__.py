"""Deductions 贷款扣款: money taken from a member's repayment card, with the discipline of payments (docs/adr/0022)."""
