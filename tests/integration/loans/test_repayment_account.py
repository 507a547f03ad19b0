"""The repayment account over HTTP: changed by the borrower, kept as history, refused, asked for twice."""

from __future__ import annotations

import itertools
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.core.db import transaction
from tests.contract.api.reading import problem
from tests.support.domain.cases import apply, confirm, post, quote, refusals
from tests.support.domain.loans import lend
from tests.support.domain.persons import Person, card_number
from tests.support.domain.world import Member, World, idempotency

ITEM = "repayment-account-change"
_numbers = itertools.count(1)


def borrower(world: World, *co_borrowers: Person, **loan: Any) -> tuple[Member, UUID]:
    """A member with a loan drawn three days ago, next due on 20 December, who lets the bank be asked."""
    member = world.member()
    contract_no = f"ZZGJJ2027{next(_numbers):06d}"
    terms = {"contract_no": contract_no, "drawn_on": "2026-11-20", "months": 300, **loan}
    loan_id = lend(world, member, *co_borrowers, **terms)
    world.consent(member)
    return member, loan_id


def new_card(number: int) -> dict[str, str]:
    """Another card, as it is typed."""
    return {"card_no": card_number(number), "bank_code": "105000"}


def cards(world: World, loan_id: UUID) -> list[tuple[str, bool]]:
    """Tails of the loan's cards, oldest first, and whether each is in use."""
    statement = text("SELECT tail4, ended_at FROM loan_card WHERE loan_id = :loan ORDER BY since_at")
    with transaction(world.sessions) as session:
        return [(row.tail4, row.ended_at is None) for row in session.execute(statement, {"loan": loan_id})]


def test_a_new_card_serves_from_the_next_instalment_on_and_the_old_one_stays_on_record(world: World) -> None:
    member, loan_id = borrower(world)
    form = new_card(9_101)
    asked = quote(world, member, ITEM, form)
    assert (asked["allowed"], sorted(asked["asks"])) == (True, ["bank_code", "card_no"])
    made = apply(world, member, ITEM, form)
    assert (made.status_code, made.get_json()["state"]) == (201, "verifying")
    old, new = card_number(4_021)[-4:], form["card_no"][-4:]
    assert cards(world, loan_id) == [(old, True)]  # nothing changes before the face

    done = confirm(world, member, made.get_json()["application_id"])
    assert (done.status_code, done.get_json()["state"]) == (201, "completed")
    assert cards(world, loan_id) == [(old, False), (new, True)]
    shown = world.client().get(f"/api/v1/loans/{loan_id}", headers=member.bearer).get_json()
    assert shown["card"]["tail4"] == new
    world.run_jobs(member.account_id)
    for channel in ("sms", "wechat"):
        told = [n.fields for n in world.channels[channel].sent if n.template == "loan_card_changed"]
        assert told == [{"bank": "建设银行", "card4": new, "from": "12月20日"}]
    stored = world.one("SELECT form FROM application WHERE account_id = :a", a=member.account_id).form
    assert "card_no" not in stored
    assert not any(world.new_violations().values())


def test_the_bank_says_no_or_nothing(world: World) -> None:
    member, loan_id = borrower(world)
    form = new_card(9_102)
    no = {"matched": False, "reason": "holder_mismatch", "bank_code": "105000", "bank_name": "建设银行"}
    world.sharing.answers["bank.card_check"] = ("ok", no)
    assert refusals(world, member, ITEM, form) == ["card.holder_mismatch"]
    problem(apply(world, member, ITEM, form), 409, "item.refused")
    world.sharing.answers["bank.card_check"] = ("unavailable", {})
    assert refusals(world, member, ITEM, form) == ["card.check_unavailable"]
    assert len(cards(world, loan_id)) == 1


def test_the_same_card_other_people_and_other_days_are_refused(world: World) -> None:
    partner = world.member()
    member, _ = borrower(world, partner.person)
    assert refusals(world, member, ITEM, new_card(4_021)) == ["loan.card_same"]
    world.consent(partner)
    assert refusals(world, partner, ITEM) == ["fund_loan.not_borrower"]
    nobody = world.member()
    world.consent(nobody)
    assert refusals(world, nobody, ITEM) == ["fund_loan.none_open"]
    world.later(days=27)  # 20 December
    member_again = Member(**{**_fields(member), "tokens": world.sign_in(member.person)[1]})
    assert refusals(world, member_again, ITEM, new_card(9_103)) == ["fund_loan.due_today"]


def _fields(member: Member) -> dict[str, Any]:
    return {name: getattr(member, name) for name in Member.__dataclass_fields__}


def test_asked_for_twice_it_is_done_once(world: World) -> None:
    member, loan_id = borrower(world)
    key = idempotency()
    first = apply(world, member, ITEM, new_card(9_104), **key)
    again = apply(world, member, ITEM, new_card(9_104), **key)
    assert again.get_json()["application_id"] == first.get_json()["application_id"]
    problem(apply(world, member, ITEM, new_card(9_105)), 409, "application.in_flight")
    application_id = first.get_json()["application_id"]
    assert confirm(world, member, application_id).status_code == 201
    late = post(world, member, f"/applications/{application_id}/confirm", {"face_session_id": application_id})
    assert late.status_code in (409, 422)
    assert len(cards(world, loan_id)) == 2
    assert not any(world.new_violations().values())
