"""The desk under attack: what the database refuses, and who can throw colleagues out."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.applications.models import Application
from services.core.db import transaction
from tests.support.domain.desk import Colleague, DeskWorld
from tests.support.domain.world import World


@pytest.mark.parametrize("first", ["cancelled", "verifying", "submitted", "expired"])
def test_no_detour_around_four_eyes(world: World, desk: DeskWorld, first: str) -> None:
    """By SQL of the web's own role: out of review by another state, and from there to the money."""
    _, case = desk.in_review()
    with pytest.raises(DBAPIError):
        _set_states(world, case, first, "approved")
    assert world.state(case)[0] == "in_review"


def _set_states(world: World, case: Application, *states: str) -> None:
    with transaction(world.sessions) as session:
        for state in states:
            session.execute(
                text("UPDATE application SET state = :s WHERE case_no = :c"), {"s": state, "c": case.case_no}
            )


def test_wrong_passwords_do_not_end_a_colleagues_session(
    world: World, desk: DeskWorld, anna: Colleague
) -> None:
    stranger = Colleague(anna.login, b"", desk.client(), world)
    for _ in range(5):
        assert stranger.post("/sign-in", login=anna.login, password="wrong-wrong-wrong").status_code == 401
    assert anna.client.get("/queue").status_code == 200
