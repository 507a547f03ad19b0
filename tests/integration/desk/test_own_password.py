"""A person at the desk changes their own password: the present one, a strong new one, and nobody else stays signed in."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.core.clock import SHANGHAI
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


def answer(colleague: Colleague, present: str) -> str:
    """The page that comes, as text."""
    fields = {"present": present, "password": NEW, "again": NEW}
    return colleague.post("/password", **fields).get_data(as_text=True)


def test_who_is_locked_out_is_told_until_when_and_what_to_do(world: World, desk: DeskWorld) -> None:
    """The fifth wrong try locks for 15 minutes and signs out: no form and no menu, the way back, whom to ask."""
    colleague = desk.colleague().sign_in()
    pages = [answer(colleague, "wrong-wrong-wrong") for _ in range(5)]
    assert all("连续错 5 次会锁定 15 分钟，并退出登录" in page for page in pages[:4])
    ends = world.clock.now().astimezone(SHANGHAI) + timedelta(minutes=15, seconds=59)
    told = pages[4]
    assert f"账户锁定到 {ends:%H:%M}" in told
    assert f"{ends:%H:%M} 以后，用现在的口令重新登录" in told
    assert "请找管理员重设" in told
    assert 'href="/sign-in"' in told
    assert "<form" not in told
    assert colleague.client.get_cookie("anju_desk") is None
    world.later(minutes=15)
    assert at_the_desk(colleague.sign_in().client)


def test_a_lock_by_somebody_s_sign_ins_is_said_to_be_that(world: World, desk: DeskWorld) -> None:
    """Five wrong passwords at the sign-in page sign nobody out: the desk goes on, the password is changed later."""
    colleague = desk.colleague().sign_in()
    stranger = Colleague(colleague.login, colleague.secret, desk.client(), world)
    for _ in range(5):
        assert (
            stranger.post("/sign-in", login=colleague.login, password="wrong-wrong-wrong").status_code == 401
        )
    told = answer(colleague, PASSWORD)
    assert "有人在登录页连续填错您的口令" in told
    assert "您这里的登录不受影响" in told
    assert at_the_desk(colleague.client)
    world.later(minutes=14)
    assert at_the_desk(colleague.client)
    world.later(minutes=1)
    assert change(colleague) == 303
