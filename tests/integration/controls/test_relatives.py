"""Relatives: invited by a code, accepted by another bound member; they look, each look is on record, and no more."""

from __future__ import annotations

import json
from typing import Any

from tests.contract.api.reading import problem
from tests.integration.controls.test_lock import call
from tests.support.domain.world import Member, World


def invited(world: World, member: Member, label: str = "女儿") -> dict[str, Any]:
    """An invitation with its code."""
    answer = call(world, member, "POST", "/relatives", {"label": label})
    assert answer.status_code == 201, answer.get_json()
    return dict(answer.get_json())


def accepted(world: World, member: Member, daughter: Member) -> str:
    """A link in force; its id."""
    code = invited(world, member)["code"]
    answer = call(world, daughter, "POST", "/relatives/accept", {"code": code})
    assert answer.status_code == 201, answer.get_json()
    return str(answer.get_json()["helped"][0]["link_id"])


def test_she_sees_progress_and_titles_but_no_amount_card_or_number(world: World, member: Member) -> None:
    daughter = world.member()
    case = world.approved(member)
    world.run_jobs(member.account_id)
    link = accepted(world, member, daughter)
    answer = call(world, daughter, "GET", f"/relatives/{link}/cases")
    shown = answer.get_json()
    assert [(one["item_name"], one["state"]) for one in shown["cases"]] == [("租房提取", "accepted")]
    assert [step["label"] for step in shown["cases"][0]["steps"]][:2] == ["提交", "刷脸"]
    assert {step["actor"] for step in shown["cases"][0]["steps"]} == {"本人", "公积金中心", "银行"}
    titles = [one["title"] for one in shown["notices"]]
    assert sorted(titles) == sorted(set(titles))  # by SMS and by WeChat is once
    words = json.dumps(shown, ensure_ascii=False)
    for secret in ("3,000", "300000", case.case_no, str(case.application_id), member.person.name):
        assert secret not in words


def test_every_look_is_in_the_member_s_record(world: World, member: Member) -> None:
    daughter = world.member()
    link = accepted(world, member, daughter)
    for _ in range(2):
        call(world, daughter, "GET", f"/relatives/{link}/cases")
    entries = call(world, member, "GET", "/audit-log").get_json()["entries"]
    assert [(one["actor"], one["text"]) for one in entries[:2]] == [("您的家人", "看了您的办理进度")] * 2


def test_the_member_is_told_and_may_end_it_at_once(world: World, member: Member) -> None:
    daughter = world.member()
    link = accepted(world, member, daughter)
    world.run_jobs(member.account_id)
    assert "relative_joined" in [notice.template for notice in world.channels["sms"].sent]
    assert call(world, member, "DELETE", f"/relatives/{link}").status_code == 204
    problem(call(world, daughter, "GET", f"/relatives/{link}/cases"), 404, "request.not_found")
    assert call(world, daughter, "GET", "/relatives").get_json()["helped"] == []


def test_she_may_end_it_too_and_a_stranger_may_not(world: World, member: Member) -> None:
    daughter, stranger = world.member(), world.member()
    link = accepted(world, member, daughter)
    problem(call(world, stranger, "DELETE", f"/relatives/{link}"), 404, "request.not_found")
    assert call(world, daughter, "DELETE", f"/relatives/{link}").status_code == 204


def test_a_code_serves_once_for_ten_minutes_and_not_oneself(world: World, member: Member) -> None:
    daughter, son = world.member(), world.member()
    code = invited(world, member)["code"]
    problem(call(world, member, "POST", "/relatives/accept", {"code": code}), 409, "relative.own")
    assert call(world, daughter, "POST", "/relatives/accept", {"code": code}).status_code == 201
    problem(call(world, son, "POST", "/relatives/accept", {"code": code}), 403, "relative.code")
    late = invited(world, member, "儿子")["code"]
    world.later(minutes=10)
    problem(call(world, son, "POST", "/relatives/accept", {"code": late}), 403, "relative.code")


def test_guessing_is_stopped(world: World) -> None:
    guesser = world.member()
    codes = [f"2345678{letter}" for letter in "ABCDEFGHJKL"]
    answers = [call(world, guesser, "POST", "/relatives/accept", {"code": code}) for code in codes]
    assert [answer.status_code for answer in answers] == [403] * 10 + [429]


def test_three_are_the_most(world: World, member: Member) -> None:
    for label in ("女儿", "儿子", "老伴"):
        invited(world, member, label)
    problem(call(world, member, "POST", "/relatives", {"label": "邻居"}), 409, "relative.most")


def test_the_same_relative_twice_is_once(world: World, member: Member) -> None:
    daughter = world.member()
    accepted(world, member, daughter)
    again = invited(world, member)["code"]
    problem(call(world, daughter, "POST", "/relatives/accept", {"code": again}), 409, "relative.already")


def test_a_relative_cannot_act_on_a_case(world: World, member: Member) -> None:
    """What she may not see by its key stays as absent as before."""
    daughter = world.member()
    accepted(world, member, daughter)
    case = world.submit(member)
    path = f"/applications/{case.application_id}"
    for method, where in (("GET", path), ("POST", f"{path}/cancel"), ("GET", f"{path}/receipt.pdf")):
        problem(call(world, daughter, method, where), 404, "request.not_found")
