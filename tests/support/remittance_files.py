"""Files of employers as they would write them: layout and sums worked out without the product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MONTH = "2026-11"


@dataclass(frozen=True)
class Entry:
    """One line of a file: 10,000.00 at 10 % each."""

    account_no: str
    id_no: str
    base_fen: int = 1_000_000
    unit_fen: int = 100_000
    member_fen: int = 100_000


def yuan(fen: int) -> str:
    """1234567 → 12345.67."""
    return f"{fen // 100}.{fen % 100:02d}"


def sheet(
    employer_no: str,
    entries: Sequence[Entry],
    *,
    month: str = MONTH,
    kind: str = "01",
    percent: int = 10,
    **changed: str,
) -> str:
    """The file as text; a header field can be given another value by its Chinese name."""
    unit, member = sum(e.unit_fen for e in entries), sum(e.member_fen for e in entries)
    header = {
        "单位账号": employer_no,
        "汇缴年月": month,
        "业务类型": kind,
        "缴存比例": str(percent),
        "人数": str(len(entries)),
        "单位合计": yuan(unit),
        "个人合计": yuan(member),
        "总额": yuan(unit + member),
        "账号校验和": f"{sum(int(e.account_no) for e in entries):012d}"[-12:],
    } | changed
    lines = ["住房公积金汇缴清册,1", *(f"{name},{value}" for name, value in header.items())]
    lines.append("序号,个人账号,证件号码,缴存基数,单位缴存额,个人缴存额")
    for number, e in enumerate(entries, 1):
        cells = (str(number), e.account_no, e.id_no, yuan(e.base_fen), yuan(e.unit_fen), yuan(e.member_fen))
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"
