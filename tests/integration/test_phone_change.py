"""Change of phone number: in one transaction, told to both numbers, with money that waits a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.core.db import transaction
from services.core.retention import sweep
from services.items import phone_changing
from services.members.binding import Claim, CodeExpired, bind, check_code, issue_code, proven_phone
from services.members.models import Member as Row
from services.members.retention import FORMER_PHONES
from services.notices.fates import Receipt
from tests.contract.api.reading import problem
from tests.support.domain.cases import apply, confirm, faced, post, quote, refusals
from tests.support.domain.phones import (
    ITEM,
    applied,
    ask_code,
    changed,
    code_on,
    new_number,
    number_on_record,
    proven,
)
from tests.support.domain.world import Member, World


def told(world: World, member: Member) -> list[tuple[str, str, dict[str, str]]]:
    """Security notices of the change: template, to whom, with what."""
    world.run_jobs(member.account_id)
    sent = [n for channel in ("sms", "wechat") for n in world.channels[channel].sent]
    return [(n.template, n.recipient, dict(n.fields)) for n in sent if n.template.startswith("phone_")]


def test_the_new_number_is_on_the_record_and_both_are_told_once(world: World, member: Member) -> None:
    """24 hours from 23 November 10:00."""
    old, new = member.person.phone, new_number()
    asked = quote(world, member, ITEM)
    assert (asked["allowed"], asked["asks"], asked["verification"]) == (True, ["new_phone"], "face")
    assert ("现在的手机号", f"尾号 {old[-4:]}") in [(f["label"], f["value_text"]) for f in asked["facts"]]

    application_id = applied(world, member, new)
    assert number_on_record(world, member) == old  # nothing changes before the face
    assert told(world, member) == []
    done = confirm(world, member, application_id)
    assert (done.status_code, done.get_json()["state"]) == (201, "completed")
    assert done.get_json()["waiting_text"] == f"已经换成尾号 {new[-4:]} 的手机号，11月24日10:00 起可以提取。"
    assert number_on_record(world, member) == new
    row = world.one(
        "SELECT phone_changed_at, phone_mac FROM member WHERE account_id = :a", a=member.account_id
    )
    assert row.phone_changed_at == world.clock.now()
    assert bytes(row.phone_mac) == world.cipher.look_up(new, "member.phone")

    said = {"money_from": "11月24日10:00"}
    assert sorted(told(world, member)) == sorted(
        [
            ("phone_changed", new, {"phone4": new[-4:], **said}),
            ("phone_changed", member.person.openid, {"phone4": new[-4:], **said}),
            ("phone_left", old, said),
        ]
    )
    world.run_jobs(member.account_id)
    assert len(told(world, member)) == 3


def test_money_waits_a_day_and_sessions_stay(world: World, member: Member) -> None:
    changed(world, member, new_number())
    world.consent(member)
    form = {"amount_fen": 300_000, "card_id": str(member.card_id)}
    no = problem(apply(world, member, "rent-withdrawal", form), 403, "member.cooling")
    assert "11月24日10:00" in no["detail"]
    assert no["cooling_until"] == "2026-11-24T10:00:00.000+08:00"
    timing = quote(world, member, "rent-withdrawal", form)["timing"]
    assert timing["cooling_until"] == "2026-11-24T10:00:00.000+08:00"
    world.later(hours=23, minutes=59)
    _, tokens = world.sign_in(member.person)
    later = Member(**{**{f: getattr(member, f) for f in Member.__dataclass_fields__}, "tokens": tokens})
    problem(apply(world, later, "rent-withdrawal", form), 403, "member.cooling")
    world.later(minutes=1)
    assert apply(world, later, "rent-withdrawal", form).status_code == 201
    ended = "SELECT ended_at FROM login_session WHERE session_id = :s"
    assert world.one(ended, s=member.session_id).ended_at is None


def test_a_certificate_does_not_wait(world: World, member: Member) -> None:
    changed(world, member, new_number())
    assert apply(world, member, "contribution-certificate", {"purpose": "general"}).status_code == 201


def test_the_former_number_is_kept_only_until_it_was_told(world: World, member: Member) -> None:
    application_id = changed(world, member, new_number())["application_id"]
    kept = "SELECT former_sealed FROM phone_change WHERE application_id = :id"
    assert world.one(kept, id=application_id).former_sealed is not None
    told(world, member)
    assert world.one(kept, id=application_id).former_sealed is None
    intent = "SELECT * FROM notice_intent WHERE account_id = :a AND template = 'phone_left'"
    left = world.one(intent, a=member.account_id)
    assert (left.state, left.recipient_sealed is not None) == ("submitted", True)
    with transaction(world.sessions) as session:
        world.product.notices.receive(session, Receipt("sms", left.provider_ref, True, None))
    left = world.one(intent, a=member.account_id)
    assert (left.state, left.recipient_sealed) == ("delivered", None)


def test_a_former_number_that_nobody_fetched_is_gone_after_three_days(world: World, member: Member) -> None:
    """The notices stand still: the change stays on record, the number does not."""
    application_id = changed(world, member, new_number())["application_id"]
    kept = "SELECT former_sealed FROM phone_change WHERE application_id = :id"
    world.later(days=2, hours=23)
    sweep(world.sessions, world.clock, FORMER_PHONES)
    assert world.one(kept, id=application_id).former_sealed is not None
    world.later(hours=2)
    assert sweep(world.sessions, world.clock, FORMER_PHONES).oldest_left_at is None
    assert world.one(kept, id=application_id).former_sealed is None
    assert [template for template, *_ in told(world, member)] == ["phone_changed", "phone_changed"]


def test_no_number_lies_open(world: World, member: Member) -> None:
    """Not in the application, the events, the audit trail or the jobs."""
    old, new = member.person.phone, new_number()
    application_id = changed(world, member, new)["application_id"]
    where = "WHERE account_id = :a"
    for rows in (
        f"SELECT string_agg(t::text, '') AS all FROM application t {where}",
        f"SELECT string_agg(t::text, '') AS all FROM outbox_event t {where}",
        f"SELECT string_agg(t::text, '') AS all FROM audit_entry t {where}",
        "SELECT string_agg(args::text, '') AS all FROM procrastinate_jobs WHERE args->>'account_id' = CAST(:a AS text)",
    ):
        written = world.one(
            rows, a=str(member.account_id) if "procrastinate" in rows else member.account_id
        ).all
        assert old not in written
        assert new not in written
    shown = world.client().get(f"/api/v1/applications/{application_id}", headers=member.bearer).get_json()
    assert (shown["result"]["phone4"], shown["result"]["old_phone4"]) == (new[-4:], old[-4:])


def test_all_or_nothing(world: World, member: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last write fails: number, waiting time, proof and state are as before, and a second try works."""
    new = new_number()
    application_id = applied(world, member, new)
    real = phone_changing.emit

    def broken(session: Any, account_id: Any, topic: str, *rest: Any) -> Any:
        if topic == "phone.left":
            raise RuntimeError("disk full")
        return real(session, account_id, topic, *rest)

    body = faced(world, member, application_id)
    monkeypatch.setattr(phone_changing, "emit", broken)
    assert post(world, member, f"/applications/{application_id}/confirm", body).status_code == 500
    assert number_on_record(world, member) == member.person.phone
    binding = world.one("SELECT money_from, bound_at FROM binding WHERE account_id = :a", a=member.account_id)
    assert binding.money_from == binding.bound_at
    count = "SELECT count(*) AS n FROM phone_change WHERE account_id = :a"
    assert world.one(count, a=member.account_id).n == 0
    monkeypatch.undo()
    assert post(world, member, f"/applications/{application_id}/confirm", body).status_code == 201
    assert number_on_record(world, member) == new


def test_not_while_money_is_under_way(world: World, member: Member) -> None:
    """Neither asked for, nor confirmed when the withdrawal came in between."""
    new = new_number()
    application_id = applied(world, member, new)
    rent = world.submit(member)
    assert refusals(world, member, ITEM) == ["phone.money_under_way"]
    body = faced(world, member, application_id)
    path = f"/applications/{application_id}/confirm"
    problem(post(world, member, path, body), 409, "phone.money_under_way")
    assert number_on_record(world, member) == member.person.phone
    post(world, member, f"/applications/{rent.application_id}/cancel", {})
    assert post(world, member, path, body).status_code == 201
    assert number_on_record(world, member) == new


def test_one_at_a_time(world: World, member: Member) -> None:
    applied(world, member, new_number())
    world.later(seconds=61)
    problem(apply(world, member, ITEM, proven(world, member, new_number())), 409, "application.in_flight")


def test_a_code_on_its_way_to_the_former_number_binds_nobody(world: World, member: Member) -> None:
    """Whoever has the old SIM asked for a code to bind a moment before."""
    person = member.person
    claim = Claim(person.name, person.id_no, person.phone)
    application_id = applied(world, member, new_number())
    with transaction(world.sessions) as session:
        issued = issue_code(session, world.cipher, claim, "o" + "x" * 27, world.clock.now())
    assert confirm(world, member, application_id).status_code == 201
    with transaction(world.sessions) as session:
        now = world.clock.now()
        fault = check_code(session, world.cipher, issued.challenge_id, issued.code, "o" + "x" * 27, now)
    assert getattr(fault, "code", None) == "bind.code_expired"


def test_a_code_used_while_the_number_is_changed_binds_nobody(world: World, member: Member) -> None:
    """The code to the old SIM was right a moment ago; between it and the binding the number became another."""
    person, stranger = member.person, "o" + "y" * 27
    claim = Claim(person.name, person.id_no, person.phone)
    application_id = applied(world, member, new_number())
    now = world.clock.now()
    with transaction(world.sessions) as session:
        issued = issue_code(session, world.cipher, claim, stranger, now)
        proven = check_code(session, world.cipher, issued.challenge_id, issued.code, stranger, now)
        phone_mac = proven_phone(session, issued.challenge_id)
    assert (proven, phone_mac) == (member.account_id, world.cipher.look_up(person.phone, "member.phone"))
    assert confirm(world, member, application_id).status_code == 201
    with pytest.raises(CodeExpired), transaction(world.sessions) as session:
        bind(session, world.cipher, member.account_id, stranger, "mini", None, now, phone_mac=phone_mac)


def test_without_a_face_the_code_of_the_operation_goes_to_the_number_on_the_record(
    world: World, member: Member
) -> None:
    """Card and SMS: whoever confirms has the old number as well as the new one."""
    new = new_number()
    application_id = applied(world, member, new)
    world.consent(member)
    path = f"/applications/{application_id}/card-sms"
    asked = post(world, member, path, {})
    assert asked.status_code == 202, asked.get_json()
    old_code = code_on(world, member, member.person.phone)
    challenge = {"challenge_id": asked.get_json()["challenge_id"], "code": old_code}
    done = post(world, member, f"{path}/confirm", challenge)
    assert (done.status_code, done.get_json()["state"]) == (201, "completed")
    assert number_on_record(world, member) == new
    world.later(hours=25)
    assert _route_reasons(world, member) == ["risk.phone_changed"]


def _route_reasons(world: World, member: Member) -> list[str]:
    _, tokens = world.sign_in(member.person)
    later = Member(**{**{f: getattr(member, f) for f in Member.__dataclass_fields__}, "tokens": tokens})
    form = {"amount_fen": 300_000, "card_id": str(member.card_id)}
    other = quote(world, later, "rent-withdrawal", form)["timing"]["other_way"]
    assert other["available"] is False
    return [reason["code"] for reason in other["reasons"]]


def test_a_family_may_share_a_number_and_nobody_learns_of_it(world: World, member: Member) -> None:
    """The answer for somebody's number is the answer for nobody's; both are then found by it at binding."""
    partner = world.member()
    theirs = ask_code(world, member, partner.person.phone)
    world.later(seconds=61)
    free = ask_code(world, member, new_number())
    assert theirs.status_code == free.status_code == 202
    assert theirs.get_json().keys() == free.get_json().keys()
    assert theirs.get_json()["resend_after_s"] == free.get_json()["resend_after_s"] == 60
    world.later(seconds=61)
    changed(world, member, partner.person.phone)
    for person in (member.person, partner.person):
        claim = Claim(person.name, person.id_no, partner.person.phone)
        with transaction(world.sessions) as session:
            issued = issue_code(session, world.cipher, claim, person.openid, world.clock.now())
        assert issued.account_id is not None


def test_a_number_that_was_asked_for_before_the_last_change_is_not_taken(world: World, member: Member) -> None:
    """Whatever changed it meanwhile."""
    application_id = applied(world, member, new_number())
    old, later = number_on_record(world, member), world.clock.now() + timedelta(seconds=1)
    with transaction(world.sessions) as session:
        session.get_one(Row, member.account_id).phone_changed_at = later
    problem(confirm(world, member, application_id), 409, "phone.moved")
    assert number_on_record(world, member) == old
