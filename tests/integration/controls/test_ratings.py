"""Ratings: one a finished case, five levels, words added once; a bad one has a day, an owner and an answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.applications.models import Application
from services.core.db import transaction
from services.ratings.service import workdays_after
from tests.contract.api.reading import problem
from tests.integration.controls.test_lock import call
from tests.support.domain.desk import Colleague, DeskWorld
from tests.support.domain.fakes import movement
from tests.support.domain.fixtures import anna, boris, desk
from tests.support.domain.world import START, Member, World

__all__ = ["anna", "boris", "desk"]
DUE = workdays_after(START.date(), 5)


@pytest.fixture
def paid(world: World, member: Member) -> Application:
    """A withdrawal that has arrived."""
    case = world.approved(member)
    world.run_jobs(member.account_id, "settlement.dispatch")
    world.product.settlement_jobs.take_changes([movement(world.node.sent[0])])
    return case


def rate(world: World, member: Member, case: Application, **body: Any) -> Any:
    """Send a rating."""
    return call(world, member, "POST", f"/applications/{case.application_id}/rating", body)


def look(world: World, member: Member, case: Application) -> dict[str, Any]:
    """The rating as the receipt shows it."""
    return dict(call(world, member, "GET", f"/applications/{case.application_id}/rating").get_json())


def test_a_finished_case_is_rated_once_and_added_to_once(
    world: World, member: Member, paid: Application
) -> None:
    before = look(world, member, paid)
    assert (before["may_rate"], before["level"], len(before["levels"])) == (True, None, 5)
    done = rate(world, member, paid, level=5, reasons=[], words="很快")
    assert (done.status_code, done.get_json()["level_text"], done.get_json()["words"]) == (
        201,
        "非常满意",
        "很快",
    )
    assert done.get_json()["answer_due_on"] is None
    problem(rate(world, member, paid, level=1, reasons=["slow"]), 409, "rating.once")
    more = f"/applications/{paid.application_id}/rating/more"
    added = call(world, member, "POST", more, {"words": "谢谢"})
    assert (added.status_code, added.get_json()["added"], added.get_json()["may_add"]) == (201, "谢谢", False)
    problem(call(world, member, "POST", more, {"words": "还有"}), 409, "rating.once")


def test_what_is_under_way_is_not_rated(world: World, member: Member) -> None:
    case = world.submit(member)
    assert look(world, member, case)["may_rate"] is False
    problem(rate(world, member, case, level=5), 409, "rating.not_finished")


def test_after_ninety_days_it_is_too_late(world: World, member: Member, paid: Application) -> None:
    world.later(days=90)
    assert look(world, member, paid)["may_rate"] is False
    problem(rate(world, member, paid, level=5), 409, "rating.too_late")


def test_after_ninety_days_nothing_is_added(world: World, member: Member, paid: Application) -> None:
    rate(world, member, paid, level=5)
    world.later(days=90)
    assert look(world, member, paid)["may_add"] is False
    more = f"/applications/{paid.application_id}/rating/more"
    problem(call(world, member, "POST", more, {"words": "谢谢"}), 409, "rating.too_late")


def test_a_bad_one_says_why(world: World, member: Member, paid: Application) -> None:
    problem(rate(world, member, paid, level=2), 422, "rating.why")
    problem(rate(world, member, paid, level=2, reasons=["tired"]), 422, "rating.reason")
    done = rate(world, member, paid, level=2, reasons=["slow", "slow"]).get_json()
    assert (done["reasons"], done["answer_due_on"]) == (["等得太久"], DUE.isoformat())


def test_five_working_days_from_a_monday_is_the_next_monday() -> None:
    """23 November 2026 is a Monday; Saturday and Sunday do not count."""
    assert START.date() + timedelta(days=7) == DUE


def test_words_are_sealed(world: World, member: Member, paid: Application) -> None:
    rate(world, member, paid, level=1, reasons=[], words="张三等了三天")
    row = world.one("SELECT words_sealed FROM case_rating WHERE account_id = :a", a=member.account_id)
    assert "张三".encode() not in bytes(row.words_sealed)


def test_a_bad_one_is_taken_answered_and_told(
    world: World, member: Member, paid: Application, anna: Colleague, boris: Colleague
) -> None:
    rate(world, member, paid, level=1, reasons=["staff"], words="态度不好")
    listed = anna.client.get("/ratings").get_data(as_text=True)
    assert paid.case_no in listed
    assert "还没有人接" in listed
    path = f"/ratings/{paid.case_no}"
    assert anna.post(f"{path}/answer", text="已经批评教育").status_code == 409  # nobody owns it yet
    assert anna.post(f"{path}/take").status_code == 303
    assert boris.post(f"{path}/take").status_code == 409
    assert boris.post(f"{path}/answer", text="已经批评教育").status_code == 409
    assert anna.post(f"{path}/answer", text="好").status_code == 422
    assert anna.post(f"{path}/answer", text="已经核实，给您道歉").status_code == 303
    assert anna.post(f"{path}/answer", text="已经核实，给您道歉").status_code == 409
    assert paid.case_no not in anna.client.get("/ratings").get_data(as_text=True)
    assert look(world, member, paid)["answer"] == "已经核实，给您道歉"
    world.run_jobs(member.account_id)
    assert "rating_answered" in [notice.template for notice in world.channels["wechat"].sent]
    seen = [row["text"] for row in call(world, member, "GET", "/audit-log").get_json()["entries"]]
    assert {"在处理您的评价", "答复了您的评价", "看了您的评价"} <= set(seen)


def test_late_ones_are_counted(world: World, member: Member, paid: Application, desk: DeskWorld) -> None:
    figures = world.product.desk_ports().ratings.figures
    span = (world.clock.now(), world.clock.now() + timedelta(days=30))
    with transaction(world.sessions) as session:
        before = figures(session, *span)
    rate(world, member, paid, level=1, reasons=["slow"])
    world.later(days=8)
    with transaction(world.sessions) as session:
        after = figures(session, *span)
    assert after.levels[1] - before.levels[1] == 1
    assert (after.bad - before.bad, after.waiting - before.waiting) == (1, 1)
    assert after.late >= 1


def test_a_good_one_is_nobody_s_work(
    world: World, member: Member, paid: Application, anna: Colleague
) -> None:
    rate(world, member, paid, level=4)
    assert anna.client.get(f"/ratings/{paid.case_no}").status_code == 404
