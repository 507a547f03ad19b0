"""Evidence of what an agreement set going: it begins with the run, and shows that the member signed."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.applications.models import Application
from services.audit.service import record as record_act
from services.core.db import transaction
from services.evidence.verifying import faults_of
from services.items import run_opening
from services.loans.standing import standing_of
from tests.integration.card_route.test_overlapping import PATIENCE_S
from tests.integration.loans.test_agreements import SMALL, pay, run, signed, with_bank_loan
from tests.integration.test_evidence import one_file, written
from tests.support.domain.fakes import movement
from tests.support.domain.loans import lend
from tests.support.domain.world import Member, World

__all__ = ["one_file"]
File = dict[str, Any]
WAITING = (
    "SELECT count(*) AS waiting FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def paid_run(world: World) -> tuple[Member, Application]:
    """3,000.00 of 20 December for a bank's loan, paid."""
    member = with_bank_loan(world)
    signed(world, member, card_id=str(member.card_id))
    world.later(days=27)
    run(world)
    pay(world, member)
    return member, case_of(world, member)


def case_of(world: World, member: Member) -> Application:
    """The case of the only run."""
    row = world.one(
        "SELECT application_id FROM agreement_run WHERE account_id = :a AND outcome = 'case'",
        a=member.account_id,
    )
    with transaction(world.sessions) as session:
        return session.get_one(Application, (member.account_id, row.application_id))


def agreement_of(world: World, member: Member) -> Any:
    """What the member signed, and in which case."""
    return world.one(
        "SELECT agreement_id::text, application_id::text, case_no FROM loan_agreement"
        " JOIN application USING (account_id, application_id) WHERE account_id = :a",
        a=member.account_id,
    )


def entry(file: File, action: str, subject: str) -> dict[str, Any]:
    """The only one of an act."""
    (found,) = [one for one in file["entries"] if (one["action"], one["subject"]) == (action, subject)]
    return dict(found)


def test_a_run_s_evidence_is_whole_and_shows_that_the_member_signed(world: World) -> None:
    member, case = paid_run(world)
    agreement = agreement_of(world, member)
    file = written(world, case)
    assert faults_of(file, world.cipher) == []
    record = file["evidence"][0]["record"]
    assert (record["outcome"], record["amount_fen"]) == ("paid", 300_000)
    assert record["agreement"]["agreement_id"] == agreement.agreement_id
    assert record["agreement"]["case_no"] == agreement.case_no
    assert [(step["event"], step["actor"]) for step in record["steps"]][:2] == [
        ("submit", "系统"),
        ("agreed", "系统"),
    ]
    submitted = entry(file, "application.submitted", str(case.application_id))
    assert submitted["actor"] == "系统"
    card_digest = submitted["detail"].pop("card_digest")
    assert len(bytes.fromhex(card_digest)) == 32
    assert submitted["detail"] == {
        "item": "repayment-agreement",
        "case_no": case.case_no,
        "policy": case.policy_version,
        "amount_fen": 300_000,
        "card_id": str(member.card_id),
        "agreement_id": agreement.agreement_id,
        "signed_in": agreement.application_id,
    }
    signing = entry(file, "agreement.signed", agreement.agreement_id)
    assert signing["actor"] == "member"
    assert signing["seq"] < submitted["seq"]
    assert world.new_violations() == {}


def test_a_run_that_repays_the_centre_s_loan_has_its_whole_evidence(world: World) -> None:
    """8,428.43 on 20 December, as in the tests of agreements."""
    member = world.member()
    world.consent(member)
    lend(world, member, **SMALL)
    signed(world, member)
    world.later(days=27)
    run(world)
    case = case_of(world, member)
    file = written(world, case)
    assert faults_of(file, world.cipher) == []
    assert file["evidence"][0]["record"]["outcome"] == "repaid"
    detail = entry(file, "application.submitted", str(case.application_id))["detail"]
    assert (detail["amount_fen"], detail["card_id"], detail["card_digest"]) == (842_843, None, None)
    assert entry(file, "agreement.signed", detail["agreement_id"])["actor"] == "member"


def test_money_of_a_run_that_comes_back_is_a_second_record(world: World) -> None:
    _, case = paid_run(world)
    written(world, case)
    back = movement(world.node.sent[-1], direction="credit", host_seq_no="R78", day=world.node.day)
    world.product.settlement_jobs.take_changes([back])
    file = written(world, case)
    assert [one["record"]["outcome"] for one in file["evidence"]] == ["paid", "returned"]
    assert faults_of(file, world.cipher) == []


def test_the_case_that_signed_shows_it_too(world: World) -> None:
    member = with_bank_loan(world)
    signed(world, member, card_id=str(member.card_id))
    agreement = agreement_of(world, member)
    with transaction(world.sessions) as session:
        case = session.get_one(Application, (member.account_id, agreement.application_id))
    file = written(world, case)
    assert faults_of(file, world.cipher) == []
    places = [(one["action"], one["subject"]) for one in file["evidence"][0]["record"]["chain"]]
    assert ("agreement.signed", agreement.agreement_id) in places


def without_signature(file: File) -> None:
    """The entry and its place, as if nobody had signed."""
    record = file["evidence"][0]["record"]
    for rows in (file["entries"], record["chain"]):
        rows[:] = [row for row in rows if row["action"] != "agreement.signed"]


def without_first_word(file: File) -> None:
    """The submission is not named any more."""
    record = file["evidence"][0]["record"]
    record["chain"] = [place for place in record["chain"] if place["action"] != "application.submitted"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (without_signature, "the agreement it was run by is not known to have been signed"),
        (lambda file: file["entries"].pop(-2), "the chain has a gap"),
    ],
)
def test_what_is_missing_of_a_run_is_found(world: World, change: Callable[[File], Any], fault: str) -> None:
    file = written(world, paid_run(world)[1])
    change(file)
    assert fault in faults_of(file, world.cipher)


def test_a_run_of_an_older_version_begins_with_its_approval(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was written when it was opened: the chain is shown from what the run did first, and without a gap."""
    monkeypatch.setattr(run_opening, "record", lambda *_, **__: 0)
    _, case = paid_run(world)
    file = written(world, case)
    assert faults_of(file, world.cipher) == []
    entry(file, "withdrawal.approved", str(case.application_id))
    file["entries"].pop(-2)
    assert "the chain has a gap" in faults_of(file, world.cipher)


def test_what_a_member_asked_for_still_needs_its_submission(world: World, one_file: File) -> None:
    without_first_word(one_file)
    assert "there is no submission" in faults_of(one_file, world.cipher)


def test_a_run_waits_for_its_loan_before_it_takes_the_head_of_the_chain(world: World) -> None:
    """Whoever has the loan and then writes to the chain (a change of rate) comes through, and so does the run."""
    member = world.member()
    world.consent(member)
    loan_id = lend(world, member, **SMALL)
    signed(world, member)
    world.later(days=27)
    with ThreadPoolExecutor(1) as pool:
        with transaction(world.sessions) as session:
            standing_of(session, member.account_id, loan_id, lock=True)
            meanwhile = pool.submit(run, world)
            end = time.monotonic() + PATIENCE_S
            while not world.one(WAITING).waiting:
                assert time.monotonic() < end, "the run did not wait"
                time.sleep(0.01)
            record_act(
                session, member.account_id, "test.act", actor="系统", subject="x", at=world.clock.now()
            )
        meanwhile.result(PATIENCE_S)
    agreement = world.one("SELECT attempts FROM loan_agreement WHERE account_id = :a", a=member.account_id)
    assert (agreement.attempts, case_of(world, member).state) == (0, "repaid")
    assert world.new_violations() == {}
