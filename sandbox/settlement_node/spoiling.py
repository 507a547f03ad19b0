"""Spoilt statements 流水差错: what an ordered fault does to the lines of a BDC113, beyond losing the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.settlement_node.envelope import Answer

ACCOUNT, AMOUNT, REMARK, SUMMARY = 1, 6, 11, 19
Lines = list[str]


def spoil(answer: Answer, kind: str, params: dict[str, Any]) -> Answer:
    """The statement as the fault has it; an empty one stays as it is."""
    if not answer.files or kind not in SPOILINGS:
        return answer
    lines = [line for _, text in answer.files for line in text.split("\n")]
    spoilt = SPOILINGS[kind](lines, params)
    count = str(len(lines) if kind == "truncated_statement" else len(spoilt))
    files = [(answer.files[0][0], "\n".join(spoilt))]
    return replace(answer, body=answer.body | {"TotalNum": count}, files=files)


def _with(line: str, **cells: str) -> str:
    parts = line.split("|")
    for number, text in cells.items():
        parts[int(number[1:])] = text
    return "|".join(parts)


def _changed_amount(lines: Lines, params: dict[str, Any]) -> Lines:
    """The first line has another amount; its balance stays."""
    cells = lines[0].split("|")
    fen = round(float(cells[AMOUNT]) * 100) + int(params.get("by_fen", 100))
    sign = "-" if fen < 0 else ""
    amount = f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"
    return [_with(lines[0], **{f"c{AMOUNT}": amount}), *lines[1:]]


def _swapped_numbers(lines: Lines, _params: dict[str, Any]) -> Lines:
    """The first two lines bear each other's number."""
    if len(lines) < 2:
        return lines
    first, second = (line.split("|") for line in lines[:2])

    def bearing(line: str, other: Sequence[str]) -> str:
        return _with(line, **{f"c{REMARK}": other[REMARK], f"c{SUMMARY}": other[SUMMARY]})

    return [bearing(lines[0], second), bearing(lines[1], first), *lines[2:]]


SPOILINGS: dict[str, Callable[[Lines, dict[str, Any]], Lines]] = {
    "truncated_statement": lambda lines, _: lines[:-1],
    "short_statement": lambda lines, _: lines[:-1],
    "doubled_line": lambda lines, _: [*lines, lines[0]],
    "reordered_statement": lambda lines, _: lines[::-1],
    "changed_amount": _changed_amount,
    "swapped_numbers": _swapped_numbers,
    "other_account": lambda lines, _: [
        _with(line, **{f"c{ACCOUNT}": "43009999999999999999"}) for line in lines
    ],
}
