"""A person at the desk changes their own password: the present one, a strong new one, and nobody else stays signed in."""

from __future__ import annotations

import pytest

from tests.integration.desk.test_signing_in import at_the_desk
from tests.support.domain.desk import PASSWORD, Colleague, DeskWorld
from tests.support.domain.world import World

NEW = "seven boats on the Xiang river"


def change(colleague: Colleague, present: str = PASSWORD, new: str = NEW, again: str | None = None) -> int:
    """Status of the answer."""
    fields = {"present": present, "password": new, "again": new if again is None else again}
    return colleague.post("/password", **fields).status_code


def acts(world: World, colleague: Colleague) -> list[str]:
    """What the person's own audit chain says of passwords."""
    rows = world.one(
        "SELECT coalesce(array_agg(action ORDER BY seq), '{}') AS acts FROM audit_entry"
        " WHERE actor = :a AND (action LIKE '%password%' OR action IN ('staff.locked', 'staff.sign_in_failed'))",
        a=f"staff:{colleague.login}",
    )
    return list(rows.acts)


def test_the_present_one_is_asked_for_and_every_other_session_ends(world: World, desk: DeskWorld) -> None:
    here = desk.colleague().sign_in()
    elsewhere = Colleague(here.login, here.secret, desk.client(), world).sign_in()
    before = here.client.get_cookie("anju_desk")
    assert change(here) == 303
    assert at_the_desk(here.client)
    assert not at_the_desk(elsewhere.client)
    after = here.client.get_cookie("anju_desk")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    stranger = Colleague(here.login, here.secret, desk.client(), world)
    assert stranger.post("/sign-in", login=here.login, password=PASSWORD).status_code == 401
    assert stranger.post("/sign-in", login=here.login, password=NEW).status_code == 303
    assert acts(world, here)[0] == "staff.password_changed"


@pytest.mark.parametrize(
    ("new", "again"),
    [
        ("short one", None),
        ("x" * 129, None),
        ("{login} and something", None),
        ("password123456", None),
        ("aaaaaaaaaaaaaaaa", None),
        (PASSWORD, None),
        (NEW, NEW + "!"),
    ],
)
def test_what_the_command_refuses_is_refused_here(
    world: World, desk: DeskWorld, new: str, again: str | None
) -> None:
    colleague = desk.colleague().sign_in()
    assert change(colleague, new=new.format(login=colleague.login), again=again) == 422
    assert at_the_desk(colleague.client)
    assert acts(world, colleague) == []
    assert change(colleague) == 303


def test_five_wrong_guesses_at_an_unlocked_desk_end_it(world: World, desk: DeskWorld) -> None:
    colleague = desk.colleague().sign_in()
    assert [change(colleague, present="wrong-wrong-wrong") for _ in range(5)] == [401] * 5
    assert not at_the_desk(colleague.client)
    assert acts(world, colleague) == ["staff.sign_in_failed"] * 5 + ["staff.locked"]
    world.later(minutes=16)
    colleague.sign_in()
    assert at_the_desk(colleague.client)
