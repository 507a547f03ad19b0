"""The database fixtures keep tests apart."""

import socket

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from config.settings import Settings
from tests.support.databases import Database
from tests.support.loopback import LeavesTheMachine


@pytest.mark.parametrize("turn", [1, 2])
def test_a_session_does_not_see_what_another_test_committed(session: Session, turn: int) -> None:
    kept = text("SELECT count(*) FROM pg_largeobject_metadata WHERE oid = 987654")
    assert session.scalar(kept) == 0
    session.execute(text("SELECT lo_create(987654)"))
    session.commit()
    assert session.scalar(kept) == 1


def test_a_database_of_ones_own_is_not_the_shared_one(database: Database, shared_database: Database) -> None:
    assert database.name != shared_database.name
    with database.engine.connect() as connection:
        assert connection.scalar(text("SELECT current_database()")) == database.name
        assert connection.scalar(text("SELECT current_user")) == "anju_app"


def test_settings_point_at_the_shared_database(settings: Settings, shared_database: Database) -> None:
    assert settings.database_url.get_secret_value() == shared_database.urls.app
    assert len(settings.secret("field_key")) == 64


def test_other_machines_are_out_of_reach() -> None:
    with pytest.raises(LeavesTheMachine):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    with pytest.raises(LeavesTheMachine):
        socket.create_connection(("registry.example", 80), timeout=1)
