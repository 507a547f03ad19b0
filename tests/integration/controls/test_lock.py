"""Withdrawal lock: at once and for everything that leaves; opened by the face, hours later; all of it told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.core.db import transaction
from services.items.locking import LockTending
from services.items.own_controls import AccountLocked
from tests.contract.api.reading import problem
from tests.integration.card_route.conftest import Way
from tests.integration.loans.test_agreements import cases, run, runs, signed, with_bank_loan
from tests.support.domain.cases import apply, confirm, quote
from tests.support.domain.world import Member, World

RENT = "rent-withdrawal"
UNLOCK = "withdrawal-unlock"


def call(world: World, member: Member, method: str, path: str, body: Any = None) -> Any:
    """One call with a session of this hour: tests move the clock."""
    tokens = world.sign_in(member.person)[1]
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    client = world.client()
    return client.open(f"/api/v1{path}", method=method, json=body, headers=headers)


def lock(world: World, member: Member) -> Any:
    """The member's tap on the lock."""
    return call(world, member, "POST", "/controls/lock", {}).get_json()


def told(world: World, member: Member) -> list[tuple[str, str]]:
    """What the phone and WeChat were told of the lock: channel and template."""
    world.run_jobs(member.account_id)
    return [
        (channel, notice.template)
        for channel in ("sms", "wechat")
        for notice in world.channels[channel].sent
        if notice.template.startswith("lock_")
    ]


def renewed(world: World, member: Member) -> Member:
    """The member, signed in anew."""
    member.tokens = world.sign_in(member.person)[1]
    return member


def form(member: Member) -> dict[str, Any]:
    """A rent withdrawal of 3,000.00."""
    return {"amount_fen": 300_000, "card_id": str(member.card_id)}


def test_a_locked_account_says_no_in_the_quote_at_submission_and_at_confirmation(
    world: World, member: Member
) -> None:
    asked = world.submit(member)
    face = world.passed_face(member, asked)
    said = lock(world, member)
    assert (said["locked"], said["locked_by"], said["stopped"]) == (True, "您", 0)
    found = quote(world, member, RENT, form(member))
    assert found["allowed"] is False
    refusal = found["refusals"][0]
    assert refusal["code"] == "withdrawal.locked"
    assert all(refusal[name] for name in ("rule", "article", "fact", "source", "change", "turn_to", "text"))
    with pytest.raises(AccountLocked) as caught:
        world.confirm(member, asked, face)
    assert caught.value.extra["refusals"][0]["code"] == "withdrawal.locked"
    assert world.state(asked)[0] == "verifying"
    assert world.balance(member) == (5_600_000, 0)
    no = problem(apply(world, member, RENT, form(member)), 403, "withdrawal.locked")
    assert no["refusals"][0]["rule"] == "上了提取锁，账户里的钱不能提"


def test_a_certificate_is_no_money(world: World, member: Member) -> None:
    lock(world, member)
    assert quote(world, member, "contribution-certificate", {})["allowed"] is True


def test_opened_by_the_face_twelve_hours_later_and_told_three_times(world: World, member: Member) -> None:
    """Locked on 23 November at 10:00, asked at once: open at 22:00, and not a second before."""
    world.consent(member)
    lock(world, member)
    application = apply(world, member, UNLOCK, {}).get_json()
    assert application["next_step"] == "face"
    assert call(world, member, "GET", "/controls").get_json()["unlock_from"] is None
    done = confirm(world, member, application["application_id"]).get_json()
    assert (done["state"], done["waiting_text"][:16]) == ("completed", "提取锁 11月23日22:00 ")
    held = call(world, member, "GET", "/controls").get_json()
    assert (held["locked"], held["unlock_from"]) == (True, "2026-11-23T22:00:00.000+08:00")
    no = quote(world, member, RENT, form(member))["refusals"][0]
    assert (no["code"], no["next_on"]) == ("withdrawal.locked", "2026-11-23")
    world.later(hours=11, minutes=59, seconds=59)
    tending = LockTending(world.sessions, world.clock)
    tending.take_up()
    assert quote(world, renewed(world, member), RENT, form(member))["allowed"] is False
    world.later(seconds=1)
    assert quote(world, renewed(world, member), RENT, form(member))["allowed"] is True
    assert tending.take_up() >= 1  # this one, and what other tests have left
    assert tending.take_up() == 0
    expected = [(c, t) for c in ("sms", "wechat") for t in ("lock_closed", "lock_opening", "lock_opened")]
    assert told(world, member) == expected
    world.confirm(member, world.submit(member))


def test_locked_again_while_it_is_opening(world: World, member: Member) -> None:
    lock(world, member)
    application = apply(world, member, UNLOCK, {}).get_json()
    confirm(world, member, application["application_id"])
    assert lock(world, member)["unlock_from"] is None
    world.later(hours=13)
    LockTending(world.sessions, world.clock).take_up()
    assert call(world, member, "GET", "/controls").get_json()["locked"] is True
    assert ("sms", "lock_opened") not in told(world, member)


def test_locked_again_while_unlocking_was_asked_for(world: World, member: Member) -> None:
    """What waits for its proof is taken back too, so that an older wish does not open what was locked after it."""
    lock(world, member)
    application = apply(world, member, UNLOCK, {}).get_json()
    lock(world, member)
    view = call(world, member, "GET", f"/applications/{application['application_id']}").get_json()
    assert view["state"] == "cancelled"
    assert call(world, member, "GET", "/controls").get_json()["locked"] is True


def test_a_payment_between_the_opening_and_its_job_is_none_of_a_locked_account(
    world: World, member: Member
) -> None:
    """Open from 22:00; paid for at 22:00:01; the job comes at 22:00:06."""
    lock(world, member)
    application = apply(world, member, UNLOCK, {}).get_json()
    confirm(world, member, application["application_id"])
    world.later(hours=12, seconds=1)
    world.approved(renewed(world, member))
    world.later(seconds=5)
    LockTending(world.sessions, world.clock).take_up()
    found = (
        "SELECT count(*) AS broken FROM invariant_i90_nothing_leaves_a_locked_account WHERE account_id = :id"
    )
    assert world.one(found, id=member.account_id).broken == 0


def test_there_is_nothing_to_open_where_nothing_is_locked(world: World, member: Member) -> None:
    assert quote(world, member, UNLOCK, {})["refusals"][0]["code"] == "lock.not_locked"
    lock(world, member)
    assert lock(world, member)["stopped"] == 0  # twice is once
    assert told(world, member) == [("sms", "lock_closed"), ("wechat", "lock_closed")]


def test_a_payment_that_waits_is_called_back(world: World, member: Member) -> None:
    way = Way(world, member)
    asked = world.submit(member)
    assert way.go(asked)["state"] == "waiting"
    assert lock(world, member)["stopped"] == 1
    assert world.state(asked)[0] == "cancelled"
    assert world.balance(member) == (5_600_000, 0)


def test_without_the_face_it_opens_a_day_later(world: World, member: Member) -> None:
    """The route by card and SMS waits 24 hours, as its payments do."""
    lock(world, member)
    world.consent(member)
    prepared = world.prepare(member, {}, UNLOCK)
    with transaction(world.sessions) as session:
        application = world.product.engine.submit(session, member.account_id, prepared)
    assert Way(world, member).go(application)["state"] == "completed"
    held = call(world, member, "GET", "/controls").get_json()
    assert held["unlock_from"] == "2026-11-24T10:00:00.000+08:00"


def test_lock_and_confirmation_at_once_fall_one_after_the_other(world: World) -> None:
    """Four members lock and confirm in the same moment: nothing was held, or it was and is called back. None leaves."""
    people = [world.member() for _ in range(4)]
    asked = [world.submit(one) for one in people]
    faces = [world.passed_face(one, case) for one, case in zip(people, asked, strict=True)]

    def confirm_one(number: int) -> bool:
        try:
            world.confirm(people[number], asked[number], faces[number])
        except AccountLocked:
            return False
        return True

    def lock_one(number: int) -> None:
        with transaction(world.sessions) as session:
            world.product.locking.lock(session, people[number].account_id)

    with ThreadPoolExecutor(8) as pool:
        locks = [pool.submit(lock_one, number) for number in range(4)]
        confirmed = list(pool.map(confirm_one, range(4)))
        for each in locks:
            each.result()
    for one, case, went in zip(people, asked, confirmed, strict=True):
        assert world.balance(one) == (5_600_000, 0)
        assert world.state(case)[0] == ("cancelled" if went else "verifying")


def test_an_agreed_run_to_a_card_waits_for_the_lock_and_is_made_up_for(world: World) -> None:
    """3,000.00 on 20 December do not go while it is locked; opened on 25 December, they do."""
    member = with_bank_loan(world)
    signed(world, member, card_id=str(member.card_id))
    said = lock(world, member)
    assert [one["paused_by_lock"] for one in said["agreements"]] == [True]
    world.later(days=27)
    run(world)
    assert (runs(world, member), cases(world, member)) == ([], [])
    application = apply(world, renewed(world, member), UNLOCK, {}).get_json()
    confirm(world, member, application["application_id"])
    world.later(days=5)
    run(world)
    assert cases(world, member) == [("approved", 300_000)]


def test_what_holds_is_in_the_member_s_own_record(world: World, member: Member) -> None:
    lock(world, member)
    entries = call(world, member, "GET", "/audit-log").get_json()["entries"]
    assert (entries[0]["actor"], entries[0]["text"]) == ("您", "上了提取锁")
    notes = call(world, member, "GET", "/home").get_json()["attention"]
    assert [note["code"] for note in notes] == ["withdrawal.locked"]
