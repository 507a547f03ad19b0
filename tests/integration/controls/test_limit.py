"""The member's own daily limit: lowered at once, raised by the face hours later, counted where the money is held."""

from __future__ import annotations

from typing import Any

import pytest

from services.items.own_controls import OverOwnLimit
from tests.contract.api.reading import problem
from tests.integration.controls.test_lock import call, form, renewed
from tests.support.domain.cases import apply, confirm, quote
from tests.support.domain.fakes import movement
from tests.support.domain.world import Member, World

RENT = "rent-withdrawal"


def lower(world: World, member: Member, limit_fen: int) -> Any:
    """Set a limit."""
    return call(world, member, "PUT", "/controls/limit", {"limit_fen": limit_fen})


def test_a_limit_cuts_what_may_be_drawn_and_says_so(world: World, member: Member) -> None:
    assert lower(world, member, 500_000).get_json()["limit_fen"] == 500_000
    world.consent(member)
    found = quote(world, member, RENT, {})
    assert found["max_fen"] == 500_000
    part = found["breakdown"][-1]
    assert (part["label"], part["amount_fen"]) == ("您自己设的每日限额", 500_000)
    over = {"amount_fen": 500_001, "card_id": str(member.card_id)}
    assert problem(apply(world, member, RENT, over), 409, "withdrawal.amount_over")["max_fen"] == 500_000


def test_what_has_left_today_counts_and_tomorrow_it_does_not(world: World, member: Member) -> None:
    """3,000.00 of 4,000.00 have gone: 1,000.00 are left today; rent is once a month, so December comes first."""
    lower(world, member, 400_000)
    world.approved(member)
    world.run_jobs(member.account_id, "settlement.dispatch")
    world.product.settlement_jobs.take_changes([movement(world.node.sent[0])])
    held = call(world, member, "GET", "/controls").get_json()
    assert held["left_today_fen"] == 300_000
    world.later(days=1)
    assert call(world, member, "GET", "/controls").get_json()["left_today_fen"] == 0


def test_what_was_asked_for_before_midnight_counts_on_the_day_it_is_held(
    world: World, member: Member
) -> None:
    """Asked for on the 23rd at 23:50, confirmed on the 24th at 00:05: it is the 24th's 3,000.00."""
    lower(world, member, 400_000)
    world.later(hours=13, minutes=50)
    asked = world.submit(member)
    world.later(minutes=15)
    world.confirm(member, asked)
    held = call(world, member, "GET", "/controls").get_json()
    assert held["left_today_fen"] == 300_000


def test_a_limit_lowered_after_the_submission_stops_the_confirmation(world: World, member: Member) -> None:
    asked = world.submit(member)
    face = world.passed_face(member, asked)
    lower(world, member, 299_999)
    with pytest.raises(OverOwnLimit) as caught:
        world.confirm(member, asked, face)
    assert caught.value.extra["refusals"][0]["code"] == "withdrawal.over_own_limit"
    assert world.balance(member) == (5_600_000, 0)
    assert world.state(asked)[0] == "verifying"


def test_exactly_the_limit_passes(world: World, member: Member) -> None:
    lower(world, member, 300_000)
    world.approved(member)


def test_raising_takes_a_face_and_twelve_hours(world: World, member: Member) -> None:
    lower(world, member, 100_000)
    problem(lower(world, member, 200_000), 409, "limit.not_lower")
    application = apply(world, member, "limit-raise", {"limit_fen": 200_000}).get_json()
    done = confirm(world, member, application["application_id"]).get_json()
    assert done["waiting_text"] == "11月23日22:00 起，一天最多可以提 2,000.00 元。"
    held = call(world, member, "GET", "/controls").get_json()
    assert (held["limit_fen"], held["next_limit_fen"]) == (100_000, 200_000)
    world.later(hours=12)
    held = call(world, member, "GET", "/controls").get_json()
    assert (held["limit_fen"], held["next_limit_fen"]) == (200_000, None)


def test_a_raise_that_has_not_begun_is_taken_back_by_lowering(world: World, member: Member) -> None:
    lower(world, member, 100_000)
    application = apply(world, member, "limit-raise", {"limit_fen": 200_000}).get_json()
    confirm(world, member, application["application_id"])
    assert lower(world, member, 100_000).status_code == 200
    world.later(hours=13)
    assert call(world, member, "GET", "/controls").get_json()["limit_fen"] == 100_000


def test_a_raise_that_was_only_asked_for_is_taken_back_by_lowering(world: World, member: Member) -> None:
    lower(world, member, 100_000)
    application = apply(world, member, "limit-raise", {"limit_fen": 200_000}).get_json()
    lower(world, member, 50_000)
    path = f"/applications/{application['application_id']}"
    assert call(world, member, "GET", path).get_json()["state"] == "cancelled"


def test_as_high_as_the_centre_s_is_none(world: World, member: Member) -> None:
    """The centre's own is 100,000.00 a day."""
    problem(lower(world, member, 10_000_000), 422, "limit.no_limit")
    lower(world, member, 100_000)
    application = apply(world, member, "limit-raise", {"limit_fen": 10_000_000}).get_json()
    confirm(world, member, application["application_id"])
    world.later(hours=12)
    assert call(world, member, "GET", "/controls").get_json()["limit_fen"] is None


def test_an_account_is_not_closed_over_the_limit(world: World, member: Member) -> None:
    """All of 56,000.00 and its interest would go at once."""
    world.sharing.answers["social.status"] = ("ok", {"status": "retired", "retired_on": "2026-10-09"})
    world.consent(member)
    lower(world, member, 5_000_000)
    found = quote(world, renewed(world, member), "retirement-withdrawal", {"card_id": str(member.card_id)})
    assert [no["code"] for no in found["refusals"]] == ["withdrawal.over_own_limit"]


def test_who_set_nothing_is_cut_by_nothing(world: World, member: Member) -> None:
    world.consent(member)
    found = quote(world, member, RENT, form(member))
    assert "您自己设的每日限额" not in [part["label"] for part in found["breakdown"]]
