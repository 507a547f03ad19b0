"""Checking a file of evidence 验证证据, without the database: hashes, links, the centre's mark, and that the parts agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from hmac import compare_digest
from typing import Any
from uuid import UUID

from services.applications.operations import digest_of
from services.audit.service import entry_hash
from services.evidence.beginning import Entries, begun, entry_of, unsigned
from services.evidence.gathering import FORMAT
from services.evidence.sealing import WRITTEN, Marks, digest_of_record, mark
from services.evidence.shape import strange_addresses, strange_parts

_UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)


def faults_of(file: Mapping[str, Any], marks: Marks | None = None) -> list[str]:
    """What is wrong with an exported file; empty when it is whole. Without `marks` the centre's mark is not checked."""
    try:
        entries: Entries = {entry["seq"]: entry for entry in file["entries"]}
        found = [*strange_parts(file), *_beside(file, entries), *strange_addresses(file, marks)]
        found += list(_broken(entries, UUID(file["evidence"][0]["record"]["account_id"])))
        for one in file["evidence"]:
            found += _faults(one, entries, marks)
            if one["record"]["case_no"] != file["case_no"]:
                found.append("the record is of another case")
        return found
    except _UNREADABLE as fault:
        return [f"not a file of evidence: {type(fault).__name__}"]


def _beside(file: Mapping[str, Any], entries: Entries) -> Iterator[str]:
    """Entries that no record names and that lie outside the chain shown: anybody can make such a one, hash and all."""
    shown: set[int] = set()
    for one in file["evidence"]:
        record = one["record"]
        first = begun(record, entries)
        along = range(first["seq"] if first is not None else one["seq"], one["seq"] + 1)
        shown |= {place["seq"] for place in record["chain"]} | {seq for seq in entries if seq in along}
    yield from (f"entry {seq} is not of this case" for seq in entries if seq not in shown)


def _broken(entries: Entries, account_id: UUID) -> Iterator[str]:
    """Entries that were altered, and links that do not fit."""
    for seq, entry in entries.items():
        fields = {name: entry[name] for name in ("seq", "actor", "action", "subject", "detail")}
        at = datetime.fromisoformat(entry["at"])
        right = entry_hash(bytes.fromhex(entry["previous_hash"]), account_id=account_id, at=at, **fields)
        if right.hex() != entry["hash"]:
            yield f"entry {seq} was altered"
        following = entries.get(seq + 1)
        if following is not None and following["previous_hash"] != entry["hash"]:
            yield f"entry {seq + 1} does not follow entry {seq}"


def _faults(one: Mapping[str, Any], entries: Entries, marks: Marks | None) -> list[str]:
    record, digest = one["record"], digest_of_record(one["record"])
    checks: tuple[Callable[[], Iterator[str]], ...] = (
        lambda: _places(record, entries),
        lambda: _written(record, digest, one["seq"], entries),
        lambda: _operation(record, entries),
        lambda: unsigned(record, entries),
        lambda: _proof(record, entries),
        lambda: _settled(record, entries),
    )
    found = [fault for check in checks for fault in check()]
    if record["format"] != FORMAT:
        found.append("another format")
    if digest.hex() != one["digest"]:
        found.append("the record was altered")
    if marks is not None and not compare_digest(mark(marks, digest).hex(), one["mac"]):
        found.append("the centre's mark is not right")
    return found


def _places(record: Mapping[str, Any], entries: Entries) -> Iterator[str]:
    """Every place the record names is in the file, and says the same."""
    for place in record["chain"]:
        entry = entries.get(place["seq"])
        if entry is None or any(entry[name] != place[name] for name in ("action", "subject", "hash")):
            yield f"entry {place['seq']} is not the one the record names"


def _written(record: Mapping[str, Any], digest: bytes, seq: int, entries: Entries) -> Iterator[str]:
    """The chain runs without a gap from the submission to the entry that has this record's hash."""
    entry, first = entries.get(seq), begun(record, entries)
    known = entry is not None and (entry["action"], entry["subject"]) == (WRITTEN, record["application_id"])
    if entry is None or not known or entry["detail"]["digest"] != digest.hex():
        yield "the audit chain does not know this record"
    if first is None:
        yield "there is no submission"
    elif any(number not in entries for number in range(first["seq"], seq)):
        yield "the chain has a gap"


def _operation(record: Mapping[str, Any], entries: Entries) -> Iterator[str]:
    """What was submitted is what the digest says; fields only the centre can open are not in it here."""
    first = begun(record, entries)
    asked = first["detail"] if first is not None else {}
    if "operation" not in asked:
        return  # submitted by a version that did not write it down, or run by an agreement: no proof is bound to it
    if asked["operation"] != record["operation_digest"]:
        yield "another operation was submitted"
    if asked["private"]:
        return
    card_id = UUID(asked["card_id"]) if asked["card_id"] else None
    card = bytes.fromhex(asked["card_digest"]) if asked["card_digest"] else None
    account = UUID(record["account_id"])
    if (
        digest_of(account, record["item_code"], asked["amount_fen"], card_id, card, {}).hex()
        != asked["operation"]
    ):
        yield "the operation's digest is not that of item, amount and card"


def _proof(record: Mapping[str, Any], entries: Entries) -> Iterator[str]:
    """A face that was used was passed, for this operation, under a consent given before."""
    consents = {consent["consent_id"]: consent for consent in record["consents"] or ()}
    for face in record["faces"] or ():
        if face["consumed_at"] is None:
            continue
        judged = entry_of(record, entries, "face.judged", face["session_id"])
        if judged is None or judged["detail"]["passed"] is not True:
            yield "a face was used that is not known to have passed"
        if face["operation"] != record["operation_digest"]:
            yield "the face was for another operation"
        consent = consents.get(face["consent_id"])
        if consent is None or _at(consent["granted_at"]) > _at(face["opened_at"]):
            yield "the face has no consent before it"


def _settled(record: Mapping[str, Any], entries: Entries) -> Iterator[str]:
    """A payment that is said to be made was written down with this very amount."""
    if record["outcome"] != "paid" or record["settlement"] is None:
        return
    paid = entry_of(record, entries, "withdrawal.paid", record["application_id"])
    if paid is None or paid["detail"]["amount_fen"] != record["settlement"]["amount_fen"]:
        yield "the payment is not the one in the chain"


def _at(words: str) -> datetime:
    return datetime.fromisoformat(words)
