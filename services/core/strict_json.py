"""Strict JSON 严格解析: what many parsers let pass is refused here, with a code each."""

from __future__ import annotations

import json
import re
from typing import Any

from services.core.errors import Malformed

DEPTH_LIMIT = 20
ITEM_LIMIT = 2000
VALUE_LIMIT = 10_000
"""Of a whole body: a form is told of every name and value that it does not know, each in a note of its own."""
_TEXTS = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)  # an open end is taken too: linear time
_BRACKETS = re.compile(rb"[\[\]{}]")
_SURROGATE = re.compile("[\\ud800-\\udfff]")


def loads(text: str | bytes, **_: Any) -> Any:
    """Parse a JSON object: UTF-8, no duplicate keys, no NaN, no NUL, no lone surrogate, bounded in depth.

    Raises Malformed with `json.*` codes.
    """
    raw = text.encode() if isinstance(text, str) else text
    _check_extent(raw)
    try:
        value = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_pairs, parse_constant=_constant, parse_float=_float
        )
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise Malformed(code="json.syntax") from None
    if not isinstance(value, dict):
        raise Malformed(code="json.not_object")
    _check_text(value)
    return value


def _check_extent(raw: bytes) -> None:
    bare, depth = _TEXTS.sub(b"", raw), 0
    if bare.count(b",") > VALUE_LIMIT:
        raise Malformed(code="json.too_long")
    for bracket in _BRACKETS.findall(bare):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEPTH_LIMIT:
            raise Malformed(code="json.depth")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed(code="json.duplicate_key")
    return found


def _constant(text: str) -> Any:
    raise Malformed(code="json.number")


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")) or (value == 0 and text.startswith("-")):
        raise Malformed(code="json.number")
    return value


def _check_text(value: Any) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _check_text(key)
            _check_text(inner)
    elif isinstance(value, list):
        if len(value) > ITEM_LIMIT:
            raise Malformed(code="json.too_long")
        for inner in value:
            _check_text(inner)
    elif isinstance(value, str):
        if "\0" in value:
            raise Malformed(code="text.nul")
        if _SURROGATE.search(value):
            raise Malformed(code="text.surrogate")
