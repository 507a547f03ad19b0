"""Without a face: the bank knows the card, and a code comes by SMS."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.applications.models import Application
from services.core.db import transaction
from services.core.errors import DomainError
from services.members.binding import check_code
from tests.integration.card_route.conftest import (
    Way,
    refused,
)
from tests.support.domain.world import Member, World, idempotency

# the card


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("holder_mismatch", "户名"),
        ("card_not_found", "没有查到"),
        ("card_frozen", "不能收款"),
        ("not_class_one", "一类户"),
        ("not_debit", "储蓄卡"),
        ("something_new", "没有核对上"),
    ],
)
def test_a_card_the_bank_does_not_confirm_gets_no_code(
    world: World, member: Member, application: Application, way: Way, reason: str, words: str
) -> None:
    world.sharing.answers["bank.card_check"] = ("ok", {"matched": False, "reason": reason})
    response = way.ask(application)
    assert refused(response) == (409, "route.card_refused")
    assert words in response.json["detail"]
    assert world.waiting_jobs(member.account_id) == []
    assert world.state(application)[0] == "verifying"


def test_a_code_from_before_the_bank_said_no_serves_no_more(
    world: World, member: Member, application: Application, way: Way
) -> None:
    challenge, code = way.ask(application).json["challenge_id"], way.code()
    world.later(seconds=61)
    world.sharing.answers["bank.card_check"] = ("ok", {"matched": False, "reason": "card_frozen"})
    assert refused(way.ask(application)) == (409, "route.card_refused")
    assert refused(way.confirm(application, challenge, code)) == (401, "route.code_expired")
    assert world.balance(member) == (5_600_000, 0)


@pytest.mark.parametrize("answer", [("unavailable", {}), ("ok", {}), ("ok", {"matched": "yes"})])
def test_a_silent_bank_is_nobodys_fault_and_no_code_is_sent(
    world: World, member: Member, application: Application, way: Way, answer: Any
) -> None:
    world.sharing.answers["bank.card_check"] = answer
    assert refused(way.ask(application)) == (503, "route.bank_silent")
    assert world.waiting_jobs(member.account_id) == []


def test_without_consent_nobody_is_asked(
    world: World, member: Member, application: Application, way: Way
) -> None:
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE consent SET withdrawn_at = granted_at WHERE account_id = :a"),
            {"a": member.account_id},
        )
    world.sharing.asked.clear()
    assert refused(way.ask(application)) == (403, "consent.required")
    assert world.sharing.asked == []


# the code


def test_a_wrong_code_moves_nothing_and_five_end_it(
    world: World, member: Member, application: Application, way: Way
) -> None:
    challenge, code = way.ask(application).json["challenge_id"], way.code()
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(5):
        assert refused(way.confirm(application, challenge, wrong)) == (401, "route.code_wrong")
    assert refused(way.confirm(application, challenge, code)) == (401, "route.code_expired")
    assert world.state(application)[0] == "verifying"
    assert world.balance(member) == (5_600_000, 0)


def test_a_code_is_good_for_ten_minutes(
    world: World, member: Member, application: Application, way: Way
) -> None:
    challenge, code = way.ask(application).json["challenge_id"], way.code()
    world.later(minutes=10)
    assert refused(way.confirm(application, challenge, code)) == (401, "route.code_expired")


def test_only_the_last_code_serves(world: World, member: Member, application: Application, way: Way) -> None:
    first, first_code = way.ask(application).json["challenge_id"], way.code()
    assert refused(way.ask(application))[0] == 429
    world.later(seconds=61)
    second, second_code = way.ask(application).json["challenge_id"], way.code()
    assert refused(way.confirm(application, first, first_code)) == (401, "route.code_expired")
    assert way.confirm(application, second, second_code).json["state"] == "waiting"


def test_a_code_of_another_operation_is_wrong(
    world: World, member: Member, application: Application, way: Way
) -> None:
    """Even for the same member, amount and card: the code names the application."""
    challenge, code = way.ask(application).json["challenge_id"], way.code()
    way.cancel(application)
    again = world.submit(member)
    assert again.operation_digest == application.operation_digest
    assert refused(way.confirm(again, challenge, code)) == (401, "route.code_wrong")
    world.later(seconds=61)
    way.ask(again)
    assert refused(way.confirm(again, challenge, code)) == (401, "route.code_wrong")
    assert world.balance(member) == (5_600_000, 0)


def test_somebody_elses_code_is_wrong(
    world: World, member: Member, application: Application, way: Way
) -> None:
    other = world.member()
    others = Way(world, other)
    challenge = others.ask(world.submit(other)).json["challenge_id"]
    code = others.code()
    way.ask(application)
    assert refused(way.confirm(application, challenge, code)) == (401, "route.code_wrong")


def test_a_code_for_money_does_not_bind_a_phone(
    world: World, member: Member, application: Application, way: Way
) -> None:
    challenge, code = UUID(way.ask(application).json["challenge_id"]), way.code()
    with transaction(world.sessions) as session:
        found = check_code(session, world.cipher, challenge, code, member.person.openid, world.clock.now())
    assert isinstance(found, DomainError)


def test_the_same_confirmation_twice_is_one(
    world: World, member: Member, application: Application, way: Way
) -> None:
    challenge, code = way.ask(application).json["challenge_id"], way.code()
    key = idempotency()
    first = way.confirm(application, challenge, code, key)
    second = way.confirm(application, challenge, code, key)
    assert first.status_code == second.status_code == 201
    assert first.json == second.json
    assert refused(way.confirm(application, challenge, code)) == (401, "route.code_expired")
    assert world.balance(member) == (5_300_000, 300_000)


def test_ten_confirmations_at_once_approve_once(world: World, member: Member) -> None:
    application = world.submit(member)
    way = Way(world, member)
    challenge, code = way.ask(application).json["challenge_id"], way.code()
    with ThreadPoolExecutor(5) as pool:
        codes = list(
            pool.map(lambda _: Way(world, member).confirm(application, challenge, code).status_code, range(5))
        )
    assert codes.count(201) == 1
    assert set(codes) <= {201, 401, 409}
    assert world.balance(member) == (5_300_000, 300_000)


def test_an_application_out_of_time_takes_no_code(
    world: World, member: Member, application: Application, way: Way
) -> None:
    world.later(minutes=25)
    challenge, code = way.ask(application).json["challenge_id"], way.code()
    world.later(minutes=5)
    assert refused(way.confirm(application, challenge, code)) == (409, "application.state_changed")
    assert refused(way.ask(application)) == (409, "application.state_changed")


def test_what_was_spent_meanwhile_is_not_approved(
    world: World, member: Member, application: Application, way: Way
) -> None:
    """The face would refuse it as well: the balance is looked at once more, under the lock."""
    challenge, code = way.ask(application).json["challenge_id"], way.code()
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE member_balance SET frozen_fen = 5600000 WHERE account_id = :a"),
            {"a": member.account_id},
        )
    assert refused(way.confirm(application, challenge, code)) == (409, "withdrawal.balance_insufficient")
    assert world.state(application)[0] == "verifying"
