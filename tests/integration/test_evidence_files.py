"""Files of evidence as somebody else may have made them: nothing is believed that no hash covers, nothing falls over."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from runtime.cli import evidence as command
from services.audit.service import entry_hash
from services.core.clock import SHANGHAI
from services.core.db import transaction
from services.evidence.exporting import addresses
from services.evidence.verifying import faults_of
from tests.integration.test_evidence import one_file, paid, written
from tests.support.domain.world import World

__all__ = ["one_file"]
File = dict[str, Any]


def forged(file: File, **changed: Any) -> File:
    """An entry by anybody, with the right hash: none of our keys is in it."""
    entry = {**deepcopy(file["entries"][-1]), **changed}
    fields = {name: entry[name] for name in ("seq", "actor", "action", "subject", "detail")}
    at = datetime.fromisoformat(entry["at"]).astimezone(SHANGHAI)
    account_id = UUID(file["evidence"][0]["record"]["account_id"])
    made = entry_hash(bytes.fromhex(entry["previous_hash"]), account_id=account_id, at=at, **fields)
    return {**entry, "hash": made.hex()}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            lambda f: f["entries"].append(forged(f, seq=9_000, action="withdrawal.refused")),
            "entry 9000 is not",
        ),
        (lambda f: f["entries"].insert(0, {**f["entries"][-1], "actor": "staff:eve"}), "stands in it twice"),
        (lambda f: f["entries"][0].update(note="by staff:eve"), "no hash covers"),
        (lambda f: f["evidence"][0].update(note="false"), "no hash covers"),
        (lambda f: f.update(note="false"), "no hash covers"),
        (lambda f: f.update(addresses=["8.8.8.8"]), "an address is not"),
        (lambda f: f.update(addresses=[8]), "not a file of evidence"),
        (lambda f: f["entries"][0].update(at="0001-01-01T00:00:00+23:00"), "not a file of evidence"),
        (lambda f: f["entries"][0].update(seq="\x1b[2J"), "not a file of evidence"),
    ],
)
def test_what_no_hash_covers_is_not_believed(
    world: World, one_file: File, change: Callable[[File], Any], fault: str
) -> None:
    change(one_file)
    assert any(fault in found for found in faults_of(one_file, world.cipher)), faults_of(one_file)


def test_the_addresses_of_the_case_are_right(world: World) -> None:
    file = written(world, paid(world, world.member()))
    with transaction(world.sessions) as session:
        file["addresses"] = addresses(session, world.cipher, file["case_no"])
    assert faults_of(file, world.cipher) == []


@pytest.mark.parametrize(
    "words",
    [
        b"",
        b"\xff\xfe{}",
        b"[]",
        b"null",
        b"{",
        b"[" * 100_000,
        b'{"a":' * 500 + b"1" + b"}" * 500,
        b'{"case_no": NaN}',
        b'{"case_no": ' + b"9" * 5_000 + b"}",
        b'{"case_no": "\\ud800", "evidence": [], "entries": []}',
        b" " * (16 * 1024 * 1024 + 1),
    ],
    ids=range(11),
)
def test_garbage_is_said_to_be_none(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: bytes) -> None:
    path = tmp_path / "case.json"
    path.write_bytes(words)
    assert command.main(["--verify", str(path)]) == 1
    assert capsys.readouterr().err.startswith("not a file of evidence")


def test_a_name_that_stands_twice_is_no_evidence(one_file: File, tmp_path: Path) -> None:
    """Readers differ on which of the two counts: a person sees the first, we would have judged the last."""
    path = tmp_path / "case.json"
    words = json.dumps(one_file)
    path.write_text(words)
    assert command.main(["--verify", str(path)]) == 0
    path.write_text(words.replace('"amount_fen": 300000', '"amount_fen": 9, "amount_fen": 300000', 1))
    assert command.main(["--verify", str(path)]) == 1
