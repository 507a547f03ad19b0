"""What may not happen between submission and approval, and what sends a case to a person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from services.accounts.service import CardCooling, NewCard, add_card
from services.applications.models import Application
from services.core.db import transaction
from services.core.errors import Conflict, DomainError
from services.core.ids import new_id
from services.items.engine import AmountOver, ItemRefused
from services.items.facts import facts_from_json
from services.items.jobs import ApplicationTending
from services.items.judging import judge
from services.members.consents import ConsentRequired, withdraw
from tests.support.domain.loans import lend, loan_record
from tests.support.domain.persons import Person
from tests.support.domain.refusals import refusal
from tests.support.domain.world import Member, World


@pytest.fixture
def application(world: World, member: Member) -> Application:
    """A withdrawal of 3,000.00 that waits for the face."""
    return world.submit(member)


def test_nothing_is_asked_of_others_without_consent(world: World, member: Member) -> None:
    with pytest.raises(ConsentRequired) as refused:
        world.prepare(member, {"amount_fen": 1, "card_id": str(member.card_id)})
    assert refused.value.field == "data_sharing"
    assert world.sharing.asked == []


def test_a_withdrawn_consent_is_none(world: World, member: Member) -> None:
    consent = world.consent(member)
    with transaction(world.sessions) as session:
        withdraw(session, member.account_id, consent, world.clock.now())
    with pytest.raises(ConsentRequired):
        world.prepare(member, {"amount_fen": 1, "card_id": str(member.card_id)})


def test_a_case_without_its_face_expires_and_frees_the_way(
    world: World, member: Member, application: Application
) -> None:
    """30 minutes to verify."""
    tending = ApplicationTending(world.sessions, world.clock)
    world.later(minutes=30)
    tending.expire_late()
    assert world.state(application)[0] == "verifying"
    world.later(seconds=1)
    tending.expire_late()
    assert world.state(application)[0] == "expired"
    assert world.submit(member).state == "verifying"


def test_a_late_confirmation_is_refused_though_nobody_swept(
    world: World, member: Member, application: Application
) -> None:
    world.later(minutes=29)
    face = world.passed_face(member, application)
    world.later(minutes=1)
    assert refusal(world, member, application, face) == "application.state_changed"


def test_money_frozen_after_submission_cannot_leave(
    world: World, member: Member, application: Application
) -> None:
    """A court freezes 5,400.00 of 56,000.00 … all but 2,000.00: 3,000.00 are not there any more."""
    face = world.passed_face(member, application)
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE member_balance SET frozen_fen = 5400000 WHERE account_id = :a"),
            {"a": member.account_id},
        )
    assert refusal(world, member, application, face) == "withdrawal.balance_insufficient"
    assert world.face_session(member, face).state == "passed"


@pytest.mark.parametrize("state", ["03", "04", "06"])
def test_an_account_closed_or_frozen_after_submission_pays_nothing(
    world: World, member: Member, application: Application, state: str
) -> None:
    face = world.passed_face(member, application)
    with transaction(world.sessions) as session:
        session.execute(
            text("UPDATE provident_fund_account SET state = :state WHERE account_id = :a"),
            {"a": member.account_id, "state": state},
        )
    assert refusal(world, member, application, face) == "account.not_usable"


@pytest.mark.parametrize(("kept", "goes"), [(10_000, True), (9_999, False)])
def test_a_hundred_yuan_stay_in_the_account(world: World, kept: int, goes: bool) -> None:
    """株金管委〔2026〕4号: 100 yuan remain. One month of 2,000.00 … three of them, 6,000.00 in all."""
    member = world.member(months=3)
    if goes:
        assert world.approved(member, 600_000 - kept).state == "approved"
        assert world.balance(member) == (kept, 600_000 - kept)
    else:
        with pytest.raises(AmountOver) as refused:
            world.submit(member, 600_000 - kept)
        assert refused.value.extra["max_fen"] == 590_000


def test_a_second_case_while_one_is_open_is_refused(
    world: World, member: Member, application: Application
) -> None:
    with pytest.raises(ItemRefused) as refused:
        world.submit(member)
    codes = [each["code"] for each in refused.value.extra["refusals"]]
    assert codes == ["application.in_flight", "rent.month_used"]


def test_cancelling_after_approval_is_refused(world: World, member: Member, application: Application) -> None:
    world.confirm(member, application)
    with pytest.raises(Conflict) as refused, transaction(world.sessions) as session:
        world.product.engine.cancel(session, member.account_id, application.application_id)
    assert refused.value.code == "application.state_changed"


def test_a_card_added_five_minutes_ago_receives_nothing(world: World, member: Member) -> None:
    with transaction(world.sessions) as session:
        now = world.clock.now()
        new = NewCard("105000", "建设银行", Person().card_no, "member", now + timedelta(hours=24), now)
        card = add_card(session, world.cipher, member.account_id, new, now)
    world.consent(member)
    world.later(minutes=5)
    prepared = world.prepare(member, {"amount_fen": 100, "card_id": str(card.card_id)})
    with pytest.raises(CardCooling) as refused, transaction(world.sessions) as session:
        world.product.engine.submit(session, member.account_id, prepared)
    assert refused.value.status == 403
    assert "24 小时" in refused.value.detail
    world.later(hours=23, minutes=55)
    with transaction(world.sessions) as session:
        assert world.product.engine.submit(session, member.account_id, prepared).state == "verifying"


def test_another_members_card_is_no_card(world: World, member: Member) -> None:
    world.consent(member)
    prepared = world.prepare(member, {"amount_fen": 100, "card_id": str(world.member().card_id)})
    with pytest.raises(DomainError) as refused, transaction(world.sessions) as session:
        world.product.engine.submit(session, member.account_id, prepared)
    assert (refused.value.status, refused.value.code) == (422, "card.unknown")


@pytest.mark.parametrize("status", ["20", "21", "22", "23", "90", ""])
def test_whoever_is_or_may_be_married_is_looked_at_by_a_person(
    world: World, member: Member, status: str
) -> None:
    """GB/T 2261.2: 20 已婚, 21 初婚, 22 再婚, 23 复婚, 90 未说明. The cap is for a couple together."""
    world.sharing.answers["civil.marriage"] = ("ok", {"status": status, "spouse": None})
    application = world.submit(member)
    assert world.confirm(member, application).state == "in_review"
    assert world.balance(member) == (5_600_000, 0)
    assert world.node.sent == []


@pytest.mark.parametrize("status", ["10", "30", "40"])
def test_whoever_lives_alone_is_paid_at_once(world: World, member: Member, status: str) -> None:
    world.sharing.answers["civil.marriage"] = ("ok", {"status": status, "spouse": None})
    assert world.confirm(member, world.submit(member)).state == "approved"


@pytest.mark.parametrize(("city_code", "state"), [("430200", "in_review"), ("430100", "approved")])
def test_our_own_loan_on_a_home_here_is_known_before_the_register_knows_the_home(
    world: World, member: Member, city_code: str, state: str
) -> None:
    """The register shows no home in the city: a flat that is being built has no title yet."""
    house = {**loan_record()["house"], "city_code": city_code}
    lend(world, member, contract_no=f"ZZGJJ{city_code}0000001", house=house)
    assert world.confirm(member, world.submit(member)).state == state


@pytest.mark.parametrize("service", ["civil.marriage", "estate.ownership"])
@pytest.mark.parametrize(
    "answer", [("unavailable", {}), ("not_found", {}), ("ok", {}), ("ok", {"status": 10, "houses": "none"})]
)
def test_a_department_that_does_not_answer_sends_the_case_to_a_person(
    world: World, member: Member, service: str, answer: tuple[str, dict[str, object]]
) -> None:
    """Not knowing is not "no home" and not "unmarried"."""
    world.sharing.answers[service] = answer
    application = world.submit(member)
    assert world.confirm(member, application).state == "in_review"


def test_what_a_decision_rested_on_is_stored_and_gives_the_same_decision(
    world: World, member: Member, application: Application
) -> None:
    """Stored facts and stored policy, judged again a year later."""
    world.later(days=365)
    item = world.product.engine.registry.get(application.item_code)
    facts = facts_from_json(application.facts)
    with transaction(world.sessions) as session:
        policy = world.product.policies.on(session, facts.today)
    assert policy.version == application.policy_version
    assert (
        judge(item, facts, item.form.model_validate(application.form), policy).to_json() == application.quote
    )
    assert application.quote["max_fen"] == 1_800_000


def test_a_new_card_is_checked_by_the_bank_in_the_form_the_bank_knows(world: World, member: Member) -> None:
    """People type cards in groups of four; the bank knows digits."""
    world.consent(member)
    card = Person().card_no
    spaced = " ".join(card[place : place + 4] for place in range(0, 19, 4))
    prepared = world.prepare(member, {"card_no": spaced, "bank_code": "105000"}, "payee-card-change")
    assert world.sharing.asked[-1][1].params == {"bank_code": "105000", "card_no": card}
    with transaction(world.sessions) as session:
        application = world.product.engine.submit(session, member.account_id, prepared)
    assert card not in str(application.form) + str(application.facts) + str(application.quote)
    done = world.confirm(member, application)
    assert (done.state, done.result["tail4"]) == ("completed", card[-4:])


def test_a_card_the_bank_does_not_confirm_is_refused_with_its_reason(world: World, member: Member) -> None:
    world.consent(member)
    world.sharing.answers["bank.card_check"] = (
        "ok",
        {"matched": False, "reason": "holder_mismatch", "bank_code": "105000", "bank_name": "建设银行"},
    )
    form = {"card_no": Person().card_no, "bank_code": "105000"}
    prepared = world.prepare(member, form, "payee-card-change")
    with pytest.raises(ItemRefused) as refused, transaction(world.sessions) as session:
        world.product.engine.submit(session, member.account_id, prepared)
    (only,) = refused.value.extra["refusals"]
    assert only["code"] == "card.holder_mismatch"


def test_a_foreign_case_is_not_there(world: World, application: Application) -> None:
    other = world.member()
    with pytest.raises(DomainError) as refused:
        world.confirm(other, application, new_id())
    assert (refused.value.status, refused.value.code) == (404, "request.not_found")
    with pytest.raises(DomainError) as refused, transaction(world.sessions) as session:
        world.product.engine.cancel(session, other.account_id, application.application_id)
    assert refused.value.status == 404
