"""Movement rows 账户变动明细: files of `|`-delimited lines in SBDC100 and BDC113, packed as hex of GBK text."""

from __future__ import annotations

import re
from datetime import date, datetime

from services.settlement.adapters.bdc.errors import BadMessage
from services.settlement.adapters.bdc.xml import CHARSET, Message
from services.settlement.ports import AccountChange

_FIELDS = 23
HOST_NO = re.compile("[!-~]{1,40}")  # what a table can hold: another would stop every notice behind it
_SIGNED_YUAN = re.compile(r"(-?)(0|[1-9][0-9]{0,13})\.([0-9]{2})")
_DAY = re.compile(r"[0-9]{8}")
_TIME = re.compile(r"[0-9]{6}")
_YEARS = range(2000, 2200)  # at the calendar's ends there is no day before or after


def changes_of(message: Message) -> list[AccountChange]:
    """Every movement of every file of a message, in the order given; all or BadMessage."""
    return [
        change_of(line)
        for file in message.lists.get("FILE_LIST", ())
        for line in _text(file.get("DATA", "")).replace("\r\n", "\n").split("\n")
        if line
    ]


def _text(data: str) -> str:
    try:
        return bytes.fromhex(data).decode(CHARSET)
    except ValueError:
        raise BadMessage("file.data") from None


def change_of(line: str) -> AccountChange:
    """One row; a minus before the amount says that money left the account."""
    cells = line.split("|")
    if len(cells) != _FIELDS or not cells[1] or not _TIME.fullmatch(cells[8]):
        raise BadMessage("file.row")
    if not HOST_NO.fullmatch(cells[2]):
        raise BadMessage("file.row")
    amount_fen = signed_fen(cells[6])
    return AccountChange(
        account_no=cells[1],
        host_seq_no=cells[2],
        tx_code=cells[3],
        counter_account_no=cells[4],
        counter_name=cells[5],
        amount_fen=abs(amount_fen),
        direction="debit" if amount_fen < 0 else "credit",
        day=day_of(cells[7]),
        time=cells[8],
        balance_fen=signed_fen(cells[14]),
        summary=cells[19],
        remark=cells[11],
        reversal=cells[20] == "1",
        pen_no=cells[21],
        raw=line,
    )


def signed_fen(text: str) -> int:
    """Fen of a bank's amount: optional minus, no separators, exactly two decimals."""
    match = _SIGNED_YUAN.fullmatch(text)
    if match is None:
        raise BadMessage("file.amount")
    fen = int(match[2]) * 100 + int(match[3])
    return -fen if match[1] else fen


def day_of(text: str) -> date:
    """A date written YYYYMMDD."""
    if not _DAY.fullmatch(text):
        raise BadMessage("file.day")
    try:
        day = datetime.strptime(text + "+0800", "%Y%m%d%z").date()
    except ValueError:
        raise BadMessage("file.day") from None
    if day.year not in _YEARS:
        raise BadMessage("file.day")
    return day
