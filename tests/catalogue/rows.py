"""Reading the catalogue: groups hand down what their rows leave out, and short forms are written out."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("bad_inputs.toml")
NOT_SENT = ("elsewhere", "not_applicable")
_TIMES = re.compile(r"‹(.+?)×([0-9]+)›", re.DOTALL)
_BYTE = re.compile(rb"\\x([0-9a-f]{2})")
_LINE = {rb"\r\n": b"\r\n", rb"\r": b"\r"}
Row = dict[str, Any]


def spelt_out(value: Any) -> Any:
    """The value with every ‹x×n› written out."""
    if isinstance(value, str):
        return _TIMES.sub(lambda found: found[1] * int(found[2]), value)
    if isinstance(value, list):
        return [spelt_out(inner) for inner in value]
    if isinstance(value, dict):
        return {name: spelt_out(inner) for name, inner in value.items()}
    return value


def as_bytes(text: str, *, lines: bool = False) -> bytes:
    r"""The text in UTF-8, each \xNN as that byte; for bytes on the line, \r\n and \r too."""
    raw = _BYTE.sub(lambda found: bytes([int(found[1], 16)]), text.encode())
    for written, meant in _LINE.items() if lines else ():
        raw = raw.replace(written, meant)
    return raw


def load() -> list[Row]:
    """Every row, with its group's words."""
    groups = tomllib.loads(FILE.read_text(encoding="utf-8"))["group"]
    return [
        {name: value for name, value in group.items() if name not in ("rows", "note")} | row
        for group in groups
        for row in group["rows"]
    ]


def sent() -> list[Row]:
    """Rows that go to the running application."""
    return [row for row in load() if row["place"] not in NOT_SENT]
