"""Account movements 账户变动: which number of ours one bears, and what makes it the same as another."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from services.settlement.ports import AccountChange

CLAIMABLE = ("unmatched", "corrected")
"""Outcomes of what two people may say the owner of: nobody was found, or it was booked as a difference 调账 meanwhile."""
_CASE_NO = re.compile(r"(?<![0-9])[0-9]{15}(?![0-9])")


def case_number_in(change: AccountChange) -> str | None:
    """Our 15-digit number, where summary or remark carries one."""
    match = _CASE_NO.search(change.summary) or _CASE_NO.search(change.remark)
    return match[0] if match else None


def direction_of(change: AccountChange) -> str:
    """Which way the money goes: a reversal 冲正 takes back, whatever its sign."""
    return "debit" if change.reversal else change.direction


def change_key(change: AccountChange) -> bytes:
    """Identity of a movement: account, day, amount, other side, host number and stroke number.

    With the day, since a bank may number its movements anew each day and members draw the same sum each month.
    """
    parts: Sequence[str] = (
        change.account_no,
        change.day.isoformat(),
        str(change.amount_fen),
        change.direction,
        change.counter_account_no,
        change.counter_name,
        change.host_seq_no,
        change.pen_no,
    )
    return hashlib.sha256("\x1f".join(parts).encode()).digest()
