"""Remittance file 汇缴清册: what the demo's employers would file for a month, from the list of made-up people.

`python -m sandbox.remittance_file --employer NAME --employer-no NO --month 2026-11 > FILE`. It knows the layout from
docs/remittances.md only.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PEOPLE = Path(__file__).resolve().parent.parent / "config" / "demo" / "members.toml"


def yuan(fen: int) -> str:
    """Two decimals, no separators."""
    return f"{fen // 100}.{fen % 100:02d}"


def written(people: Sequence[Mapping[str, Any]], employer_no: str, month: str, kind: str = "01") -> str:
    """The file for people who share one ratio; each side's share is rounded down to the fen."""
    ratios = {person["rate_percent"] for person in people}
    if len(ratios) != 1:
        raise ValueError("one file has one ratio")
    percent = ratios.pop()
    shares = [person["base_fen"] * percent // 100 for person in people]
    control = sum(int(person["account_no"]) for person in people)
    lines = [
        "住房公积金汇缴清册,1",
        f"单位账号,{employer_no}",
        f"汇缴年月,{month}",
        f"业务类型,{kind}",
        f"缴存比例,{percent}",
        f"人数,{len(people)}",
        f"单位合计,{yuan(sum(shares))}",
        f"个人合计,{yuan(sum(shares))}",
        f"总额,{yuan(2 * sum(shares))}",
        f"账号校验和,{control % 10**12:012d}",
        "序号,个人账号,证件号码,缴存基数,单位缴存额,个人缴存额",
    ]
    for number, (person, share) in enumerate(zip(people, shares, strict=True), 1):
        base = yuan(person["base_fen"])
        lines.append(f"{number},{person['account_no']},{person['id_no']},{base},{yuan(share)},{yuan(share)}")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the file of one employer to standard output."""
    parser = argparse.ArgumentParser(prog="sandbox.remittance_file")
    parser.add_argument("--employer", required=True)
    parser.add_argument("--employer-no", required=True)
    parser.add_argument("--month", required=True)
    parser.add_argument("--kind", default="01", choices=("01", "02"))
    parser.add_argument("--people", type=Path, default=PEOPLE)
    args = parser.parse_args()
    listed = tomllib.loads(args.people.read_text(encoding="utf-8"))["member"]
    people = [one for one in listed if one["employer"] == args.employer and one.get("state", "01") == "01"]
    if not people:
        print("nobody works there", file=sys.stderr)
        return 1
    sys.stdout.write(written(people, args.employer_no, args.month, args.kind))
    return 0


if __name__ == "__main__":
    sys.exit(main())
