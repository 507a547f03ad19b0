"""Guessing the code to bind: one that was not sent proves nobody, and the tries of all users count for one member."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from services.core.prepared import Line
from services.members import binding
from tests.contract.api.reading import problem
from tests.contract.api.test_limits import CODE, claim, codes_sent, device_key, sent_code, signed_in
from tests.support.domain.persons import Person
from tests.support.domain.world import World

BIND = "/api/v1/bind"


class Asker:
    """A WeChat user who asked for the code of a claim."""

    def __init__(self, world: World, claimed: Person, user: Person | None = None) -> None:
        self.client, self.bearer = signed_in(world, user or Person())
        asked = self.client.post(CODE, json=claim(claimed), headers=self.bearer)
        assert asked.status_code == 202
        self.challenge = asked.get_json()["challenge_id"]

    def bind(self, code: str) -> Any:
        body = {"challenge_id": self.challenge, "code": code, "device_key": device_key()}
        return self.client.post(BIND, json=body, headers=self.bearer)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every code that is made, in turn: sent or not."""
    codes: list[int] = []
    draw = binding.secrets.randbelow

    def noted(below: int) -> int:
        codes.append(draw(below))
        return codes[-1]

    monkeypatch.setattr(binding.secrets, "randbelow", noted)
    return codes


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def test_a_code_that_was_not_sent_binds_nobody(world: World, made: list[int]) -> None:
    """Two users, one claim, one minute: the phone is told the first one's code only."""
    person, account_id = world.enrol()
    first, second = Asker(world, person, person), Asker(world, person)
    assert codes_sent(world, account_id) == 1
    problem(second.bind(f"{made[1]:06d}"), 401, "bind.code_wrong")
    assert first.bind(f"{made[0]:06d}").status_code == 201


def test_over_the_hour_s_codes_the_sixth_binds_nobody(world: World, made: list[int]) -> None:
    person, account_id = world.enrol()
    for _ in range(5):
        Asker(world, person)
        world.later(seconds=61)
    problem(Asker(world, person).bind(f"{made[5]:06d}"), 401, "bind.code_wrong")
    assert codes_sent(world, account_id) == 5


def test_many_users_share_ten_tries_an_hour(world: World) -> None:
    """Three codes of one claim, five and five wrong ones: then the right one is wrong, too, and says no more than that."""
    person, account_id = world.enrol()
    for _ in range(2):
        asker = Asker(world, person)
        code = sent_code(world, person, account_id)
        for _ in range(5):
            problem(asker.bind(other(code)), 401, "bind.code_wrong")
        world.later(seconds=61)
    asker = Asker(world, person, person)
    code = sent_code(world, person, account_id)
    problem(asker.bind(code), 401, "bind.code_wrong")
    world.later(hours=1)
    asker = Asker(world, person, person)
    assert asker.bind(sent_code(world, person, account_id)).status_code == 201


def test_what_is_tried_on_dead_codes_costs_the_member_nothing(world: World) -> None:
    """Somebody who knows the claim cannot keep its owner out by codes that were used up, or never sent."""
    person, account_id = world.enrol()
    stranger = Asker(world, person)
    held = [Asker(world, person) for _ in range(3)]
    for _ in range(5):
        assert stranger.bind("12345").status_code == 401
        assert [one.bind("12345").status_code for one in held] == [401] * 3
    for _ in range(10):
        problem(stranger.bind("12345"), 401, "bind.code_expired")
    world.later(seconds=61)
    owner = Asker(world, person, person)
    assert owner.bind(sent_code(world, person, account_id)).status_code == 201


def test_tries_for_a_member_and_for_nobody_ask_the_database_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    plain = psycopg.Cursor.execute

    def noted(cursor: Any, query: Any, *rest: Any, **more: Any) -> Any:
        asked.append(str(query))
        return plain(cursor, query, *rest, **more)

    monkeypatch.setattr(psycopg.Cursor, "execute", noted)
    monkeypatch.setattr(Line, "prepared", lambda *_: None)
    person, _ = world.enrol()
    found = []
    for claimed in (Person(), person, person, Person()):  # what is read once, the member's, one not sent, nobody's
        asker = Asker(world, claimed)
        asked.clear()
        problem(asker.bind("12345"), 401, "bind.code_wrong")
        found.append(list(asked))
    assert found[1] == found[2] == found[3]
