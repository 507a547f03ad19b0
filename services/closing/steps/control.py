"""Control accounts 控制科目: each equals what it stands for, read in one statement so that business may go on."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.closing.steps import StepFailed

_SUMS = text("""
WITH book AS (SELECT gl_code, -sum(fen) AS fen FROM posting WHERE gl_code IN ('201', '219', '21901', '21902', '21903', '21904') GROUP BY 1)
SELECT
    coalesce((SELECT fen FROM book WHERE gl_code = '201'), 0) AS b201,
    (SELECT coalesce(sum(balance_fen), 0) FROM member_balance) AS f201,
    coalesce((SELECT fen FROM book WHERE gl_code = '219'), 0) AS b219,
    (SELECT coalesce(sum(amount_fen), 0) FROM application WHERE kind = 'withdrawal'
        AND state IN ('approved', 'waiting', 'paying', 'accepted', 'unknown'))
    + (SELECT coalesce(sum(held_fen), 0) FROM deduction
        WHERE state IN ('ready', 'sending', 'accepted', 'unknown', 'unbooked')) AS f219,
    coalesce((SELECT fen FROM book WHERE gl_code = '21901'), 0) AS b21901,
    (SELECT coalesce(sum(amount_fen), 0) FROM transfer_money
        WHERE direction = 'credit' AND state IN ('waiting', 'open')) AS f21901,
    coalesce((SELECT fen FROM book WHERE gl_code = '21902'), 0) AS b21902,
    (SELECT coalesce(sum(amount_fen), 0) FROM remittance_receipt
        WHERE direction = 'credit' AND state IN ('open', 'allotted'))
    - (SELECT coalesce(sum(posted_fen), 0) FROM remittance_batch) AS f21902,
    coalesce((SELECT fen FROM book WHERE gl_code = '21903'), 0) AS b21903,
    (SELECT coalesce(sum(bank_fen - book_fen), 0) FROM bank_break b
        WHERE resolution = 'booked' AND bank_fen > book_fen AND NOT EXISTS (SELECT FROM suspense_clearing c
            WHERE b.break_id IN (c.break_id, c.other_break_id) AND c.state = 'confirmed')) AS f21903,
    coalesce((SELECT fen FROM book WHERE gl_code = '21904'), 0) AS b21904,
    (SELECT coalesce(sum(amount_fen), 0) FROM remittance_receipt
        WHERE direction = 'credit' AND state = 'to_return') AS f21904
""")
CODES = ("201", "219", "21901", "21902", "21903", "21904")


def check_control(session: Session, day: date) -> dict[str, Any]:
    """201 = members' funds, 219 = open cases (I6), 21901 = transfers that wait, 21902 = employers' money not posted, 21903 = breaks booked there and not moved on, 21904 = money to be returned to employers."""
    row = session.execute(_SUMS).mappings().one()
    sums = {code: [int(row[f"b{code}"]), int(row[f"f{code}"])] for code in CODES}
    wrong = [code for code, (book, facts) in sums.items() if book != facts]
    if wrong:
        raise StepFailed("control.differs", sums=sums, wrong=wrong)
    return {"sums": sums}
