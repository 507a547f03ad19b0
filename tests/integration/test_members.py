"""Binding by SMS code, one active binding, and sessions whose refresh tokens serve once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from runtime.embedded_pg import plain
from services.core.db import transaction
from services.core.errors import Conflict, DomainError
from services.core.ids import new_id
from services.members.binding import Claim, DeviceKey, IssuedCode, bind, check_code, find_device, issue_code
from services.members.sessions import SessionEnded, SessionExpired, end, principal_of, rotate, start
from tests.support.domain.persons import Person
from tests.support.domain.world import Member, World

KEY = DeviceKey(b"\1" * 32, b"\2" * 32)


def issued(world: World, person: Person, **changes: str) -> IssuedCode:
    """A code for a claim of the person, asked for by their own WeChat user."""
    claim = Claim(**{"name": person.name, "id_no": person.id_no, "phone": person.phone} | changes)
    with transaction(world.sessions) as session:
        return issue_code(session, world.cipher, claim, person.openid, world.clock.now())


def use(world: World, challenge: UUID, code: str, openid: str) -> str:
    """What a try ends with: "right", or the code of the refusal."""
    with transaction(world.sessions) as session:
        found = check_code(session, world.cipher, challenge, code, openid, world.clock.now())
    return found.code if isinstance(found, DomainError) else "right"


def wrong(code: str) -> str:
    """Another code."""
    return f"{(int(code) + 1) % 10**6:06d}"


def test_the_right_code_proves_the_member_once(world: World) -> None:
    person, account_id = world.enrol()
    code = issued(world, person)
    assert code.account_id == account_id
    assert (len(code.code), code.code.isdigit()) == (6, True)
    assert use(world, code.challenge_id, code.code, person.openid) == "right"
    assert use(world, code.challenge_id, code.code, person.openid) == "bind.code_expired"


@pytest.mark.parametrize("field", ["name", "id_no", "phone"])
def test_a_claim_that_differs_from_the_record_proves_nobody(world: World, field: str) -> None:
    """The answer has the same shape, but no code is right."""
    person, _ = world.enrol()
    other = Person("钱不同")
    code = issued(world, person, **{field: getattr(other, field)})
    assert code.account_id is None
    assert use(world, code.challenge_id, code.code, person.openid) == "bind.code_wrong"


def test_five_tries_and_no_more(world: World) -> None:
    """The sixth try is refused even with the right code."""
    person, _ = world.enrol()
    code = issued(world, person)
    for _ in range(5):
        assert use(world, code.challenge_id, wrong(code.code), person.openid) == "bind.code_wrong"
    assert use(world, code.challenge_id, code.code, person.openid) == "bind.code_expired"


@pytest.mark.parametrize("text_", ["", "000", "abcdef", "１２３４５６", "1234567", "12345６"])
def test_what_is_no_code_counts_as_a_try(world: World, text_: str) -> None:
    person, _ = world.enrol()
    code = issued(world, person)
    assert use(world, code.challenge_id, text_, person.openid) == "bind.code_wrong"
    row = world.one("SELECT tries FROM sms_challenge WHERE challenge_id = :c", c=code.challenge_id)
    assert row.tries == 1


@pytest.mark.parametrize(
    ("seconds", "ends"), [(599, "right"), (600, "bind.code_expired"), (601, "bind.code_expired")]
)
def test_a_code_lives_ten_minutes(world: World, seconds: int, ends: str) -> None:
    person, _ = world.enrol()
    code = issued(world, person)
    world.later(seconds=seconds)
    assert use(world, code.challenge_id, code.code, person.openid) == ends


def test_a_code_serves_only_the_user_who_asked(world: World) -> None:
    person, _ = world.enrol()
    code = issued(world, person)
    assert use(world, code.challenge_id, code.code, Person().openid) == "bind.code_wrong"
    assert use(world, code.challenge_id, code.code, person.openid) == "right"


def test_a_code_of_another_challenge_is_wrong(world: World) -> None:
    person, _ = world.enrol()
    first, second = issued(world, person), issued(world, person)
    if first.code != second.code:
        assert use(world, second.challenge_id, first.code, person.openid) == "bind.code_wrong"
    assert use(world, new_id(), first.code, person.openid) == "bind.code_wrong"


def test_parallel_guesses_are_all_counted(world: World) -> None:
    person, _ = world.enrol()
    code = issued(world, person)
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(
            pool.map(lambda _: use(world, code.challenge_id, wrong(code.code), person.openid), range(20))
        )
    assert outcomes.count("bind.code_wrong") == 5
    assert outcomes.count("bind.code_expired") == 15


def test_the_code_is_not_in_the_database(world: World) -> None:
    person, _ = world.enrol()
    code = issued(world, person)
    row = world.one(
        "SELECT sms_challenge::text AS row FROM sms_challenge WHERE challenge_id = :c", c=code.challenge_id
    )
    assert code.code not in row.row.replace(str(code.challenge_id), "")
    assert code.code.encode().hex() not in row.row


def test_personal_data_is_sealed_in_every_table(world: World) -> None:
    """No table holds the name, number, phone, card or openid in the clear."""
    person = Person("欧阳测试")
    member = world.member(person)
    world.approved(member)
    world.run_jobs(member.account_id)
    canaries = [person.name, person.id_no, person.phone, person.card_no, person.openid]
    canaries += [canary.encode().hex() for canary in canaries]
    with psycopg.connect(plain(world.database.urls.owner)) as owner:  # sees what the application may not
        for (table,) in owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall():
            rows = owner.execute(SQL("SELECT t::text FROM {} t").format(Identifier(table)))
            hits = [canary for (row,) in rows for canary in canaries if canary in row]
            assert not hits, table


def bound(world: World, account_id: UUID, openid: str) -> UUID:
    """A binding."""
    with transaction(world.sessions) as session:
        return bind(session, world.cipher, account_id, openid, "h5", KEY, world.clock.now()).binding_id


def test_one_wechat_user_for_a_member(world: World) -> None:
    person, account_id = world.enrol()
    bound(world, account_id, person.openid)
    with pytest.raises(Conflict) as refused:
        bound(world, account_id, Person().openid)
    assert refused.value.code == "bind.active_elsewhere"


def test_one_member_for_a_wechat_user(world: World) -> None:
    person, account_id = world.enrol()
    _, other_id = world.enrol()
    bound(world, account_id, person.openid)
    with pytest.raises(Conflict) as refused:
        bound(world, other_id, person.openid)
    assert refused.value.code == "bind.wechat_taken"


def test_binding_again_renews_the_phones_key_and_nothing_else(world: World) -> None:
    person, account_id = world.enrol()
    first = bound(world, account_id, person.openid)
    with transaction(world.sessions) as session:
        before = find_device(session, account_id)
    assert bound(world, account_id, person.openid) == first
    with transaction(world.sessions) as session:
        after = find_device(session, account_id)
    assert before is not None
    assert after is not None
    assert before.device_id != after.device_id


def test_the_database_itself_holds_one_active_binding(world: World, member: Member) -> None:
    copy = text(
        "INSERT INTO binding SELECT account_id, :new, channel, openid_sealed, :mac, bound_at, money_from, NULL"
        " FROM binding WHERE account_id = :a"
    )
    for mac in (
        world.cipher.look_up("other", "openid"),
        world.cipher.look_up(member.person.openid, "openid"),
    ):
        with pytest.raises(IntegrityError), transaction(world.sessions) as session:
            session.execute(copy, {"new": new_id(), "mac": mac, "a": member.account_id})


def test_an_id_number_has_one_member(world: World) -> None:
    person, account_id = world.enrol()
    assert world.enrol(person)[1] == account_id
    with pytest.raises(IntegrityError), transaction(world.sessions) as session:
        session.execute(
            text(
                "INSERT INTO member SELECT :new, name_sealed, name_mac, id_no_sealed, id_no_mac, phone_sealed,"
                " phone_mac, created_at FROM member WHERE account_id = :a"
            ),
            {"new": new_id(), "a": account_id},
        )


def test_a_used_refresh_token_ends_the_session(world: World) -> None:
    with transaction(world.sessions) as session:
        row = start(session, world.cipher, "o" + "x" * 27, "h5", world.clock.now())
        first = row.refresh_jti
    with transaction(world.sessions) as session:
        again = rotate(session, row.session_id, first, world.clock.now())
        assert again is not None
        second = again.refresh_jti
    assert second != first
    with transaction(world.sessions) as session:
        assert rotate(session, row.session_id, first, world.clock.now()) is None
    for jti in (first, second):
        with pytest.raises(SessionEnded), transaction(world.sessions) as session:
            rotate(session, row.session_id, jti, world.clock.now())
    with pytest.raises(SessionEnded), transaction(world.sessions) as session:
        principal_of(session, world.cipher, row.session_id, world.clock.now())


@pytest.mark.parametrize(
    ("steps", "alive"),
    [
        ([timedelta(minutes=60)], True),
        ([timedelta(minutes=61)], False),
        ([timedelta(minutes=50)] * 28, True),
        ([timedelta(minutes=50)] * 29, False),
    ],
    ids=["an hour idle", "over an hour idle", "used for 23 hours", "used for over a day"],
)
def test_a_session_ends_when_idle_or_old(world: World, steps: list[timedelta], alive: bool) -> None:
    """60 minutes without use, 24 hours in all."""
    with transaction(world.sessions) as session:
        row = start(session, world.cipher, "o" + "y" * 27, "h5", world.clock.now())
        jti = row.refresh_jti
    for step in steps[:-1]:
        world.clock.move(step)
        with transaction(world.sessions) as session:
            renewed = rotate(session, row.session_id, jti, world.clock.now())
            assert renewed is not None
            jti = renewed.refresh_jti
    world.clock.move(steps[-1])
    with transaction(world.sessions) as session:
        if alive:
            assert principal_of(session, world.cipher, row.session_id, world.clock.now()).account_id is None
        else:
            with pytest.raises(SessionExpired):
                principal_of(session, world.cipher, row.session_id, world.clock.now())


def test_a_session_ended_by_the_member_is_over(world: World, member: Member) -> None:
    with transaction(world.sessions) as session:
        end(session, member.session_id, world.clock.now())
    with pytest.raises(SessionEnded), transaction(world.sessions) as session:
        principal_of(session, world.cipher, member.session_id, world.clock.now())
