"""Fault run 故障演练: thousands of withdrawals through crashes of everything, judged by the bank's own books."""
