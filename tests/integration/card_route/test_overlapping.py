"""One request sent twice under one key, the second while the first is still being carried out: the code was not used up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.member_api import items, other_way
from services.applications.models import Application
from tests.contract.api.reading import problem
from tests.integration.card_route.conftest import Way, refused
from tests.support.domain.cases import apply
from tests.support.domain.phones import ITEM, new_number, proven
from tests.support.domain.world import Member, World, idempotency

_WAITING = (
    "SELECT count(*) AS waiting FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
PATIENCE_S = 10


class Overlap:
    """Holds the first request in its transaction until the second one waits for what it has locked."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch, place: Any) -> None:
        self.world, self.reached, self.show = world, threading.Event(), place.show
        monkeypatch.setattr(place, "show", self._held)

    def _held(self, *given: Any) -> Any:
        if not self.reached.is_set():
            self.reached.set()
            self._until_somebody_waits()
        return self.show(*given)

    def _until_somebody_waits(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while not self.world.one(_WAITING).waiting:
            assert time.monotonic() < end, "the second request did not wait"
            time.sleep(0.01)

    def both(self, send: Callable[[], Any]) -> tuple[Any, Any]:
        """The answers to the first and to the repeated request."""
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(send)
            assert self.reached.wait(PATIENCE_S)
            second = pool.submit(send)
            return first.result(), second.result()


def same(first: Any, second: Any) -> bool:
    """Carried out once, and answered twice."""
    assert (first.status_code, second.status_code) == (201, 201), (first.text, second.text)
    assert "Idempotent-Replayed" not in first.headers
    return second.headers["Idempotent-Replayed"] == "true" and first.json == second.json


def test_a_confirmation_repeated_meanwhile_gets_the_answer_of_the_first(
    world: World, application: Application, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    challenge, code, key = way.ask(application).json["challenge_id"], way.code(), idempotency()
    overlap = Overlap(world, monkeypatch, other_way)
    assert same(*overlap.both(lambda: way.confirm(application, challenge, code, key)))
    assert world.state(application)[0] == "waiting"
    assert refused(way.confirm(application, challenge, code)) == (401, "route.code_expired")


def test_a_change_of_number_repeated_meanwhile_gets_the_answer_of_the_first(
    world: World, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    form, key = proven(world, member, new_number()), idempotency()
    overlap = Overlap(world, monkeypatch, items)
    assert same(*overlap.both(lambda: apply(world, member, ITEM, form, **key)))
    problem(apply(world, member, ITEM, form), 401, "phone.code_expired")


def test_another_key_meanwhile_finds_the_code_used(
    world: World, application: Application, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    challenge, code = way.ask(application).json["challenge_id"], way.code()
    overlap = Overlap(world, monkeypatch, other_way)
    first, second = overlap.both(lambda: way.confirm(application, challenge, code))
    assert first.status_code == 201
    assert refused(second) == (401, "route.code_expired")
