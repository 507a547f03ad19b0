"""Stray movements 错账: they bear a number of ours and its amount, and are not what its order is booked by.

A second debit, or one to another card, is put right by a credit that looks like a return 退汇, and must not be taken for
it (docs/adr/0008); with a deduction the same holds with the sides changed.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.core.sql import Statement

_STRAYS = Statement(
    "SELECT coalesce(sum(CASE direction WHEN 'debit' THEN 1 ELSE -1 END), 0) AS debits FROM"
    " (SELECT direction FROM bank_notice WHERE instruction_no = :instruction_no AND amount_fen = :amount_fen"
    " GROUP BY direction, host_seq_no"
    " HAVING bool_and(outcome IN ('break', 'corrected', 'payee_differs'))) AS stray"
)


def stray_debits(session: Session, instruction_no: str, amount_fen: int) -> int:
    """How many more stray debits than stray credits there are; below zero where credits are more.

    The account is locked. A movement told in other words or under two days is one, and no stray once it is booked; the
    one at hand, which is not judged yet, is none either.
    """
    found = _STRAYS.first(session, {"instruction_no": instruction_no, "amount_fen": amount_fen})
    return int(found.debits)
