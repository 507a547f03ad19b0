"""Statements of the hot paths: in the session's own transaction, and in its savepoints."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from services.core.db import transaction
from services.core.ids import new_id
from services.core.sql import Statement
from tests.support.domain.world import World

_ADD = Statement("INSERT INTO wechat_callback_seen (key, seen_at) VALUES (:key, now())")
_ALL = Statement("SELECT key FROM wechat_callback_seen WHERE starts_with(key, :own) ORDER BY key")


class Changed(Exception):
    """Takes a savepoint back."""


class Numbers:
    """Rows of one test's own."""

    def __init__(self, session: Session) -> None:
        self._session, self._own = session, str(new_id())

    def add(self, number: int) -> None:
        _ADD.run(self._session, {"key": f"{self._own}{number}"})

    def add_and_change(self, number: int) -> None:
        with self._session.begin_nested():
            self.add(number)
            raise Changed

    def all(self) -> list[int]:
        return [int(row.key[36:]) for row in _ALL.all(self._session, {"own": self._own})]


def test_what_a_savepoint_takes_back_is_gone_and_what_was_before_it_stays(world: World) -> None:
    with transaction(world.sessions) as session:
        numbers = Numbers(session)
        numbers.add(1)
        with pytest.raises(Changed):
            numbers.add_and_change(2)
        with session.begin_nested():
            numbers.add(3)
            with pytest.raises(Changed):
                numbers.add_and_change(4)
        numbers.add(5)
        assert numbers.all() == [1, 3, 5]


def test_a_session_that_goes_on_after_a_commit_is_in_a_new_transaction(world: World) -> None:
    with world.sessions() as session:
        numbers = Numbers(session)
        numbers.add(1)
        session.commit()
        numbers.add(2)
        session.rollback()
        numbers.add(3)
        assert numbers.all() == [1, 3]
