"""Where a case begins in the audit chain 证据的起点: with its submission; a run's with what the member signed; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

SUBMITTED, SIGNED = "application.submitted", "agreement.signed"
Entries = Mapping[int, Mapping[str, Any]]


def beginning(record: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The place of the submission. Runs of agreements once had none: such a one begins with its own first entry."""
    own = record["application_id"]
    found = _place(record, SUBMITTED, own)
    if found is None and any(step["event"] == "agreed" for step in record["steps"] or ()):
        return next((place for place in record["chain"] if place["subject"] == own), None)
    return found


def begun(record: Mapping[str, Any], entries: Entries) -> Mapping[str, Any] | None:
    """The entry a case begins with, if the file has it."""
    place = beginning(record)
    return entries.get(place["seq"]) if place is not None else None


def entry_of(
    record: Mapping[str, Any], entries: Entries, action: str, subject: str
) -> Mapping[str, Any] | None:
    """The entry of an act, if the record names it."""
    place = _place(record, action, subject)
    return entries.get(place["seq"]) if place is not None else None


def unsigned(record: Mapping[str, Any], entries: Entries) -> Iterator[str]:
    """A run by an agreement that nobody is known to have signed before it."""
    first = begun(record, entries)
    agreement_id = first["detail"].get("agreement_id") if first is not None else None
    if first is None or agreement_id is None:
        return
    signed = entry_of(record, entries, SIGNED, agreement_id)
    if signed is None or signed["seq"] > first["seq"]:
        yield "the agreement it was run by is not known to have been signed"


def _place(record: Mapping[str, Any], action: str, subject: str) -> Mapping[str, Any] | None:
    for place in record["chain"]:
        if (place["action"], place["subject"]) == (action, subject):
            return place  # type: ignore[no-any-return]
    return None
