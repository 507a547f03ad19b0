"""Evidence of a case: written when it ends, whole without the database, and every change of it is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from runtime.cli import evidence as command
from services.applications.models import Application
from services.applications.states import PLAIN_STATES
from services.core.crypto import FieldCipher
from services.core.db import transaction
from services.evidence import writing
from services.evidence.exporting import addresses, export
from services.evidence.gathering import gather
from services.evidence.sealing import digest_of_record, mark
from services.evidence.verifying import faults_of
from services.evidence.writing import EvidenceWriting
from services.withdrawals.states import WITHDRAWAL_STATES
from tests.support.domain.cases import confirm
from tests.support.domain.fakes import movement
from tests.support.domain.world import Member, World

AMOUNT = 300_000


def paid(world: World, member: Member) -> Application:
    """A withdrawal of 3,000.00 by face over HTTP, and the bank's word that it is paid."""
    application = world.submit(member, AMOUNT)
    assert confirm(world, member, str(application.application_id)).status_code == 201
    world.run_jobs(member.account_id, "settlement.dispatch", rounds=1)
    world.product.settlement_jobs.take_changes([movement(world.node.sent[-1])])
    assert world.state(application)[0] == "paid"
    return application


def write_all(world: World) -> None:
    """Round after round, as the worker does: other tests' cases ended before."""
    evidence = EvidenceWriting(world.sessions, world.clock, world.cipher)
    while evidence.take_up():
        pass


def written(world: World, application: Application) -> dict[str, Any]:
    """The case's file, as the job and the command make it."""
    write_all(world)
    with transaction(world.sessions) as session:
        return json.loads(json.dumps(export(session, application.case_no)))  # type: ignore[no-any-return]


_kept: list[dict[str, Any]] = []


@pytest.fixture
def one_file(world: World) -> dict[str, Any]:
    """Evidence of somebody's paid withdrawal, made once: only its words are looked at."""
    if not _kept:
        _kept.append(written(world, paid(world, world.member())))
    return deepcopy(_kept[0])


@pytest.fixture
def file(world: World, member: Member) -> dict[str, Any]:
    """Evidence of a paid withdrawal."""
    return written(world, paid(world, member))


def test_a_paid_case_has_its_whole_evidence(world: World, member: Member, file: dict[str, Any]) -> None:
    assert faults_of(file, world.cipher) == []
    record = file["evidence"][0]["record"]
    assert {consent["kind"] for consent in record["consents"]} == {"data_sharing", "face"}
    (face,) = record["faces"]
    (decision,) = record["decisions"]
    (device,) = record["devices"]
    assert (record["outcome"], record["amount_fen"]) == ("paid", AMOUNT)
    assert (face["state"], face["operation"]) == ("consumed", record["operation_digest"])
    assert (decision["channel"], decision["outcome"]) == ("h5", "allow")
    assert decision["device_id"] == device["device_id"] == face["device_id"]
    assert record["settlement"]["state"] == "paid"
    assert [one["direction"] for one in record["settlement"]["movements"]] == ["debit"]
    places = {place["action"] for place in record["chain"]}
    assert places == {
        *("consent.granted", "member.device_registered", "card.added", "application.submitted"),
        *("face.opened", "face.judged", "withdrawal.approved", "withdrawal.paid"),
    }


def test_it_names_nobody(world: World, member: Member, file: dict[str, Any]) -> None:
    words, person = json.dumps(file, ensure_ascii=False), member.person
    for secret in (person.name, person.id_no, person.phone, person.card_no, person.openid, "10.0."):
        assert secret not in words
    with transaction(world.sessions) as session:
        opened = addresses(session, world.cipher, file["case_no"])
    assert len(opened) == 1
    assert opened[0].startswith("10.0.")


def _record(change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    return lambda file: change(file["evidence"][0]["record"])


def _entry(action: str, change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    return lambda file: change(next(one for one in file["entries"] if one["action"] == action))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (_record(lambda r: r.update(amount_fen=1)), "the record was altered"),
        (_record(lambda r: r["consents"].pop()), "the record was altered"),
        (_record(lambda r: r["faces"][0].update(operation="00" * 32)), "the face was for another operation"),
        (_record(lambda r: r["settlement"].update(amount_fen=1)), "the payment is not the one in the chain"),
        (lambda f: f["evidence"][0].update(mac="00" * 32), "the centre's mark is not right"),
        (lambda f: f.update(case_no="0" * 15), "the record is of another case"),
        (_entry("face.judged", lambda e: e["detail"].update(passed=False)), "was altered"),
        (_entry("application.submitted", lambda e: e.update(at="2026-11-23T01:00:00+00:00")), "was altered"),
        (_entry("evidence.written", lambda e: e["detail"].update(digest="")), "does not know this record"),
        (lambda f: f["entries"].pop(-2), "the chain has a gap"),
        (lambda f: f["entries"].clear(), "there is no submission"),
        (lambda f: f.pop("entries"), "not a file of evidence"),
    ],
)
def test_every_change_is_found(
    world: World, one_file: dict[str, Any], change: Callable[[dict[str, Any]], Any], fault: str
) -> None:
    change(one_file)
    assert any(fault in found for found in faults_of(one_file, world.cipher))


def test_who_makes_a_new_record_has_no_mark_and_no_place(world: World, one_file: dict[str, Any]) -> None:
    """Hash and all: what is missing is the centre's key, and the entry in the chain."""
    forged = one_file
    one = forged["evidence"][0]
    one["record"]["submitted_at"] = "2026-11-20T10:00:00+00:00"
    digest = digest_of_record(one["record"])
    one["digest"], one["mac"] = digest.hex(), mark(FieldCipher({}, 0, b"x" * 32), digest).hex()
    assert faults_of(forged, world.cipher) == [
        "the audit chain does not know this record",
        "the centre's mark is not right",
    ]


def test_money_that_comes_back_is_a_second_record(world: World, member: Member) -> None:
    application = paid(world, member)
    written(world, application)
    back = movement(world.node.sent[-1], direction="credit", host_seq_no="BACK")
    world.product.settlement_jobs.take_changes([back])
    file = written(world, application)
    assert [one["record"]["outcome"] for one in file["evidence"]] == ["paid", "returned"]
    assert faults_of(file, world.cipher) == []


def test_a_case_given_up_has_its_evidence_too(world: World, member: Member) -> None:
    application = given_up(world, member)
    file = written(world, application)
    assert file["evidence"][0]["record"]["outcome"] == "cancelled"
    assert faults_of(file, world.cipher) == []


def test_what_is_written_stays(world: World, member: Member) -> None:
    application = paid(world, member)
    written(world, application)
    for words in ("SET mac = digest", "SET ended_at = now()"):
        with pytest.raises(DBAPIError), transaction(world.sessions) as session:
            session.execute(text(f"UPDATE case_evidence {words}"))
    with pytest.raises(DBAPIError), transaction(world.sessions) as session:
        session.execute(text("DELETE FROM case_evidence"))
    row = world.one(
        "SELECT count(*) AS n FROM case_evidence WHERE application_id = :id", id=application.application_id
    )
    assert row.n == 1
    assert world.new_violations() == {}


def test_the_database_knows_every_end(world: World) -> None:
    """The trigger's list is that of the two tables of states; paid ends a case too, though money may come back."""
    ends = world.one(
        "SELECT pg_get_triggerdef(oid) AS words FROM pg_trigger WHERE tgname = 'transition_ends_case'"
    )
    wanted = WITHDRAWAL_STATES.terminal | PLAIN_STATES.terminal | {"paid"}
    named = {state for state in WITHDRAWAL_STATES.labels | PLAIN_STATES.labels if f"'{state}'" in ends.words}
    assert named == wanted


def test_what_cannot_be_written_keeps_no_other_waiting(
    world: World, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One case a round; the oldest fails every time: it is tried after all others, 1, 2, 4 … minutes apart, never more
    than six hours; whoever asks for it has it tried at once."""
    write_all(world)
    monkeypatch.setattr(writing, "AT_ONCE", 1)
    sick = given_up(world, member)
    tried: list[UUID] = []

    def gathered(session: Any, account_id: UUID, application_id: UUID, version: int) -> dict[str, Any]:
        tried.append(application_id)
        if application_id == sick.application_id:
            raise KeyError("no such row")
        return gather(session, account_id, application_id, version)

    monkeypatch.setattr(writing, "gather", gathered)
    evidence = EvidenceWriting(world.sessions, world.clock, world.cipher)
    assert [evidence.take_up() for _ in range(3)] == [0, 0, 0]
    assert tried == [sick.application_id]
    world.later(minutes=1)
    later = given_up(world, world.member())
    assert [evidence.take_up() for _ in range(3)] == [1, 0, 0]
    assert tried == [sick.application_id, later.application_id, sick.application_id]
    waited = []
    for _ in range(9):
        again_at = state_of(world, sick).again_at
        waited.append(int((again_at - world.clock.now()).total_seconds()) // 60)
        world.clock.move(again_at - world.clock.now())
        assert evidence.take_up() == 0
    assert waited == [2, 4, 8, 16, 32, 64, 128, 256, 360]
    assert len(tried) == 12
    monkeypatch.setattr(writing, "gather", gather)
    assert evidence.take_up() == 0
    assert evidence.write_case(sick.case_no) == 1
    assert (state_of(world, sick).tries, state_of(world, sick).written_at) == (11, world.clock.now())
    assert world.new_violations() == {}


def given_up(world: World, member: Member) -> Application:
    """A case that its member cancelled."""
    application = world.submit(member)
    with transaction(world.sessions) as session:
        world.product.engine.cancel(session, member.account_id, application.application_id)
    return application


def state_of(world: World, application: Application) -> Any:
    """How often it was tried, and what is next."""
    return world.one(
        "SELECT tries, again_at, written_at FROM case_evidence WHERE application_id = :a",
        a=application.application_id,
    )


def test_the_command_checks_a_file_without_the_database(
    world: World, one_file: dict[str, Any], tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    path, key = tmp_path / "case.json", tmp_path / "lookup_key"
    path.write_text(json.dumps(one_file), encoding="utf-8")
    key.write_text(world.cipher.lookup_key.hex())
    assert command.main(["--verify", str(path), "--lookup-key", str(key)]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "case_no": one_file["case_no"],
        "whole": True,
        "mark_checked": True,
    }
    path.write_text(json.dumps({**one_file, "entries": []}), encoding="utf-8")
    assert command.main(["--verify", str(path)]) == 1


def test_the_command_hands_out_a_file_that_is_whole(
    world: World, member: Member, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written there and then when the worker has not come to it; readable by whoever asked, and by nobody else."""
    application, path = paid(world, member), tmp_path / "case.json"
    monkeypatch.setattr(command, "load_settings", lambda: world.product.settings)
    assert command.main([application.case_no, "--out", str(path), "--with-address"]) == 0
    assert path.stat().st_mode & 0o777 == 0o600
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["addresses"][0].startswith("10.")
    assert command.main(["--verify", str(path)]) == 0
    assert command.main(["000000000000000"]) == 2
