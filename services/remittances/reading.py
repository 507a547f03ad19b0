"""Reading an employer's file 读取汇缴清册: strict text in UTF-8 or GB18030; docs/remittances.md has the layout."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from services.core.errors import Invalid
from services.core.money import parse_yuan
from services.remittances.faults import Fault, FileRefused
from services.remittances.models import BACK_PAYMENT, REGULAR
from services.remittances.rules import control_sum

MOST_BYTES = 64 * 1024 * 1024
MOST_LINE = 200
MOST_FAULTS = 100
TITLE = "住房公积金汇缴清册,1"
COLUMNS = "序号,个人账号,证件号码,缴存基数,单位缴存额,个人缴存额"
HEADER = (
    ("单位账号", re.compile(r"[0-9]{6,20}")),
    ("汇缴年月", re.compile(r"20[0-9]{2}-(?:0[1-9]|1[0-2])")),
    ("业务类型", re.compile(f"{REGULAR}|{BACK_PAYMENT}")),
    ("缴存比例", re.compile(r"[1-9][0-9]?")),
    ("人数", re.compile(r"[1-9][0-9]{0,6}")),
    ("单位合计", re.compile(r"[0-9.]{4,16}")),
    ("个人合计", re.compile(r"[0-9.]{4,16}")),
    ("总额", re.compile(r"[0-9.]{4,16}")),
    ("账号校验和", re.compile(r"[0-9]{12}")),
)
_FIRST = len(HEADER) + 2
_ACCOUNT = re.compile(r"[0-9]{10,20}")
_ID_NO = re.compile(r"[0-9]{17}[0-9X]")
_LINE = re.compile(r"([1-9][0-9]*),([0-9]{10,20}),([0-9]{17}[0-9X]),([0-9.]+),([0-9.]+),([0-9.]+)")
# Controls but the line ends, and what is written but not seen.
_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff0-\uffff]"
)


class Line(NamedTuple):
    """One person."""

    line_no: int
    account_no: str
    id_no: str
    base_fen: int
    unit_fen: int
    member_fen: int


@dataclass(frozen=True, slots=True)
class RemittanceFile:
    """A file whose own sums are right."""

    employer_no: str
    month: date
    kind: str
    percent: int
    total_fen: int
    lines: list[Line]
    file_hash: bytes


def read_file(data: bytes) -> RemittanceFile:
    """Everything of a file; raises FileRefused with up to a hundred faults, each with its line."""
    rows = _rows(data)
    header = _header(rows)
    lines = _lines(rows[_FIRST:])
    faults = [*_sums(header, lines), *_repeated(lines)]
    if faults:
        raise FileRefused(faults)
    year, month = header["汇缴年月"].split("-")
    return RemittanceFile(
        employer_no=header["单位账号"],
        month=date(int(year), int(month), 1),
        kind=header["业务类型"],
        percent=int(header["缴存比例"]),
        total_fen=_yuan(header["总额"]),
        lines=lines,
        file_hash=hashlib.sha256(data).digest(),
    )


def _rows(data: bytes) -> list[str]:
    """Lines of text; one mark of byte order at the very beginning is taken, as Excel writes it."""
    _refuse(not data, "file_empty")
    _refuse(len(data) > MOST_BYTES, "file_too_long")
    text = _decoded(data)
    if "\r" in text:
        _refuse(
            text.count("\r\n") != text.count("\n") or text.count("\r") != text.count("\n"), "file_line_ends"
        )
        text = text.replace("\r\n", "\n")
    _refuse(_UNSEEN.search(text) is not None, "file_characters")
    rows = text.removesuffix("\n").split("\n")
    for number, row in enumerate(rows, 1):
        _refuse(len(row) > MOST_LINE, "file_line_long", max(0, number - _FIRST))
    return rows


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
    raise FileRefused([Fault(0, "file_encoding")])


def _refuse(wrong: bool, code: str, line_no: int = 0) -> None:
    if wrong:
        raise FileRefused([Fault(line_no, code)])


def _header(rows: list[str]) -> dict[str, str]:
    _refuse(len(rows) < _FIRST or rows[0] != TITLE or rows[_FIRST - 1] != COLUMNS, "header_format")
    found = {}
    for row, (name, pattern) in zip(rows[1:], HEADER, strict=False):
        key, _, value = row.partition(",")
        _refuse(key != name, "header_format")
        _refuse(pattern.fullmatch(value) is None, "header_value")
        found[name] = value
    return found


def _lines(rows: list[str]) -> list[Line]:
    """Every line; when some are wrong, all of the first hundred are told at once."""
    lines, faults = [], []
    for number, row in enumerate(rows, 1):
        try:
            lines.append(_line(row, number))
        except FileRefused as refused:
            faults += refused.faults
            if len(faults) >= MOST_FAULTS:
                break
    if faults:
        raise FileRefused(faults)
    return lines


def _line(row: str, number: int) -> Line:
    match = _LINE.fullmatch(row)
    if match is None or int(match[1]) != number:
        raise _fault_in(row, number)
    _, account_no, id_no, base, unit, member = match.groups()
    try:
        unit_fen = parse_yuan(unit)
        member_fen = unit_fen if member == unit else parse_yuan(member)
        return Line(number, account_no, id_no, parse_yuan(base), unit_fen, member_fen)
    except Invalid:
        raise FileRefused([Fault(number, "line_amount")]) from None


def _fault_in(row: str, number: int) -> FileRefused:
    """Why a line is none: the first cell from the left that is wrong."""
    cells = row.split(",")
    if len(cells) != 6:
        code = "line_columns"
    elif cells[0] != str(number):
        code = "line_order"
    elif _ACCOUNT.fullmatch(cells[1]) is None:
        code = "line_account"
    else:
        code = "line_id_no" if _ID_NO.fullmatch(cells[2]) is None else "line_amount"
    return FileRefused([Fault(number, code)])


def _yuan(text: str) -> int:
    try:
        return parse_yuan(text)
    except Invalid:
        raise FileRefused([Fault(0, "header_value")]) from None


def _sums(header: dict[str, str], lines: list[Line]) -> list[Fault]:
    unit, member = sum(line.unit_fen for line in lines), sum(line.member_fen for line in lines)
    told = {name: _yuan(header[name]) for name in ("单位合计", "个人合计", "总额")}
    wrong = (
        ("people_differ", int(header["人数"]) != len(lines)),
        ("unit_total_differs", told["单位合计"] != unit),
        ("member_total_differs", told["个人合计"] != member),
        ("total_differs", told["总额"] != told["单位合计"] + told["个人合计"]),
        ("control_differs", int(header["账号校验和"]) != control_sum(line.account_no for line in lines)),
    )
    return [Fault(0, code) for code, holds in wrong if holds]


def _repeated(lines: list[Line]) -> list[Fault]:
    """Accounts that stand in the file more than once: every line but the first."""
    seen: set[str] = set()
    if len({line.account_no for line in lines}) == len(lines):
        return []
    again = []
    for line in lines:
        if line.account_no in seen:
            again.append(Fault(line.line_no, "account_repeated"))
        seen.add(line.account_no)
    return again[:MOST_FAULTS]
