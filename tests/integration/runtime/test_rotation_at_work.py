"""Rotating keys beside the workers: it waits for nobody, nobody waits long for it, and a payment's payee stays the case's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import perf_counter

import pytest
from sqlalchemy import text

from runtime.key_rotation import left_over, rotate
from services.applications.models import Application
from services.core.crypto import FieldCipher
from services.core.db import Sessions, make_engine, make_sessions, transaction
from services.settlement.payees import open_payee
from tests.support.databases import Database
from tests.support.domain.fakes import movement
from tests.support.domain.world import Member, World

_NEW = b"\2" * 32
LONG_S = 3.0
"""A lock is waited for four seconds at most: a step that takes this long has nearly failed."""


@pytest.fixture
def world(database: Database) -> World:
    """A database of its own, and a ring with two keys in every process's hands."""
    world = World(database)
    world.cipher.keys[2] = _NEW  # type: ignore[index]
    return world


@pytest.fixture
def owner(world: World) -> Sessions:
    """The owner's connection."""
    return make_sessions(make_engine(world.database.urls.owner, pool_size=1))


def under(world: World, number: int) -> FieldCipher:
    """The ring, with that key in use."""
    return FieldCipher(world.cipher.keys, number, world.cipher.lookup_key)


def left(owner: Sessions, number: int) -> dict[str, int]:
    """Rows by table and column that are under another key."""
    with transaction(owner) as session:
        return {f"{one.table}.{one.column}": one.rows for one in left_over(session, number)}


def payees_of(world: World, application: Application) -> tuple[bytes, bytes]:
    """Payee of the case and of its order, as they lie there."""
    row = world.one(
        "SELECT a.payee_sealed AS own, i.payee_sealed AS sent FROM application a JOIN payment_instruction i"
        " USING (account_id, application_id) WHERE application_id = :id",
        id=application.application_id,
    )
    return bytes(row.own), bytes(row.sent)


@contextmanager
def held(world: World, table: str, application: Application) -> Iterator[None]:
    """Somebody works on a row of this case."""
    with world.sessions.begin() as session:
        statement = f"SELECT 1 FROM {table} WHERE application_id = :id FOR UPDATE"
        session.execute(text(statement), {"id": application.application_id})
        yield


@pytest.mark.parametrize("table", ["application", "payment_instruction"])
def test_what_somebody_works_on_is_left_for_later(world: World, owner: Sessions, table: str) -> None:
    """Neither case nor order is touched while one of them is taken; the other members' are done meanwhile."""
    busy, other = world.approved(world.member()), world.approved(world.member())
    before = payees_of(world, busy)
    with held(world, table, busy):
        began = perf_counter()
        rotate(owner, under(world, 2), rounds=2, pause_s=0)
        assert perf_counter() - began < LONG_S
        assert left(owner, 2) == {"application.payee_sealed": 1, "payment_instruction.payee_sealed": 1}
    assert payees_of(world, busy) == before
    own, sent = payees_of(world, other)
    assert own == sent
    assert own[0] == 2
    rotate(owner, under(world, 2))
    assert left(owner, 2) == {}
    own, sent = payees_of(world, busy)
    assert own == sent
    assert open_payee(world.cipher, own) == open_payee(world.cipher, before[0])


def test_payments_go_on_while_keys_rotate(world: World, owner: Sessions) -> None:
    """Confirmed, sent and paid, ten members one after another, while everything is sealed to and fro."""
    members = [world.member() for _ in range(10)]
    stop, faults, rounds = Event(), [], [0]

    def to_and_fro() -> None:
        try:
            while not stop.is_set():
                rotate(owner, under(world, 2 if rounds[0] % 2 == 0 else 1), batch=5, rounds=3, pause_s=0.01)
                rounds[0] += 1
        except Exception as fault:
            faults.append(fault)

    rotation = Thread(target=to_and_fro)
    rotation.start()
    try:
        took_s = [_pay(world, member) for member in members]
    finally:
        stop.set()
        rotation.join(30)
    assert faults == []
    assert max(took_s) < LONG_S
    assert rounds[0] >= 2
    rotate(owner, under(world, 2))
    assert left(owner, 2) == {}
    assert world.new_violations() == {}


def _pay(world: World, member: Member) -> float:
    """A withdrawal from the form to the money; the longest step in seconds."""
    times = []

    def step(what: str, began: float) -> None:
        times.append(perf_counter() - began)

    began = perf_counter()
    application = world.approved(member)
    step("confirm", began)
    began = perf_counter()
    world.run_jobs(member.account_id, "settlement.dispatch", rounds=1)
    step("send", began)
    began = perf_counter()
    world.product.settlement_jobs.take_changes([movement(world.node.sent[-1])])
    step("settle", began)
    assert world.state(application) == ("paid", "paid")
    assert world.node.sent[-1].payee_account_no == member.person.card_no
    return max(times)
