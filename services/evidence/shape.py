"""Shape of a file of evidence 证据文件: read strictly, since what no hash covers could be believed as well."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from services.evidence.sealing import Marks
from services.withdrawals.origin import ADDRESS_CONTEXT

MOST_BYTES = 16 * 1024 * 1024
_FILE = frozenset({"case_no", "evidence", "entries"})
_ONE = frozenset({"record", "digest", "mac", "seq"})
_ENTRY = frozenset({"seq", "at", "actor", "action", "subject", "detail", "previous_hash", "hash"})
_BESIDE = frozenset({"addresses"})
"""May be in the file beside what the hashes cover; checked with the centre's key."""


def read(data: bytes) -> Any:
    """The file's JSON, each name once and no numbers that are none. Raises ValueError, RecursionError."""
    if len(data) > MOST_BYTES:
        raise ValueError("too long")
    return json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_no_number)


def strange_parts(file: Mapping[str, Any]) -> Iterator[str]:
    """What a file of ours does not have: unknown names, and an entry told twice."""
    parts = [(file.keys() - _BESIDE, _FILE)]
    parts += [(one.keys(), _ONE) for one in file["evidence"]]
    parts += [(entry.keys(), _ENTRY) for entry in file["entries"]]
    if any(names != wanted for names, wanted in parts):
        yield "there is something in it that no hash covers"
    if len({entry["seq"] for entry in file["entries"]}) != len(file["entries"]):
        yield "an entry stands in it twice"


def strange_addresses(file: Mapping[str, Any], marks: Marks | None) -> Iterator[str]:
    """Opened addresses that the decisions did not rest on; only the centre's key can tell."""
    if marks is None:
        return
    records = [one["record"] for one in file["evidence"]]
    known = {decision["address_digest"] for record in records for decision in record["decisions"] or ()}
    for address in file.get("addresses", ()):
        if marks.look_up(address, ADDRESS_CONTEXT).hex() not in known:
            yield "an address is not that of the case"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_number(words: str) -> NoReturn:
    raise ValueError(words)
