"""Bad numbers and bad codes over HTTP, and the shape of the item's form."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.api.reading import problem
from tests.support.domain.cases import apply, post
from tests.support.domain.phones import ITEM, ask_code, new_number
from tests.support.domain.world import Member, World

CHALLENGE = "019342a0-0000-7000-8000-00000000abcd"


def test_the_form_says_all_the_page_needs(world: World, member: Member) -> None:
    shown = world.client().get(f"/api/v1/items/{ITEM}", headers=member.bearer).get_json()
    field = shown["form_schema"]["properties"]["new_phone"]
    assert (field["title"], field["x-widget"]) == ("新手机号", "phone-code")
    assert (shown["kind"], shown["group"], shown["verification"]) == ("change", "profile", "face")


@pytest.mark.parametrize("typed", ["{}", "+86{}", " {} ", "+86 {}"])
def test_one_number_in_several_spellings(world: World, member: Member, typed: str) -> None:
    phone = new_number()
    answer = ask_code(world, member, typed.format(phone))
    assert (answer.status_code, sorted(answer.get_json())) == (
        202,
        ["challenge_id", "expires_at", "resend_after_s"],
    )
    assert answer.get_json()["expires_at"] == "2026-11-23T10:10:00.000+08:00"
    world.run_jobs(member.account_id, "notices.send")
    assert world.channels["sms"].sent[-1].recipient == phone


@pytest.mark.parametrize(
    "phone",
    [
        "",
        "1380000000",
        "138000000000",
        "12800000000",
        "10086",
        "95588",
        "073128888888",
        "+85291234567",
        "+85366123456",
        "86 138-0000-0000",
        "1380000000a",
        "１３８００００００００",
        "13800000000\n",
        "9" * 40,
    ],
)
def test_what_is_no_mainland_mobile_number(world: World, member: Member, phone: str) -> None:
    said = problem(ask_code(world, member, phone), 422, "phone.format")
    assert (said["field"], said["detail"]) == ("phone", "请填 11 位手机号。")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"phone": 13900000002}, 400),
        ({"phone": None}, 400),
        ({"phone": "13900000002", "x": 1}, 400),
    ],
)
def test_bodies_that_are_none(world: World, member: Member, body: dict[str, Any], status: int) -> None:
    problem(post(world, member, f"/items/{ITEM}/codes", body), status)


@pytest.mark.parametrize("code", ["000000", "00000", "abcdef", "", "1234567", "１２３４５６"])
def test_codes_that_were_never_sent(world: World, member: Member, code: str) -> None:
    proof = {"phone": new_number(), "challenge_id": CHALLENGE, "code": code}
    said = problem(apply(world, member, ITEM, {"new_phone": proof}), 401, "phone.code_wrong")
    assert said["field"] == "new_phone"


@pytest.mark.parametrize(
    ("proof", "status"),
    [
        ("13900000002", 400),
        ({"phone": "13900000002"}, 422),
        ({"phone": "13900000002", "challenge_id": "x", "code": "000000"}, 422),
        ({"phone": "13900000002", "challenge_id": CHALLENGE, "code": 0}, 400),
        ({"phone": "10086", "challenge_id": CHALLENGE, "code": "000000"}, 422),
        ({"phone": "13900000002", "challenge_id": CHALLENGE, "code": "000000", "more": ""}, 400),
        (None, 400),
    ],
)
def test_forms_that_are_none(world: World, member: Member, proof: Any, status: int) -> None:
    problem(apply(world, member, ITEM, {"new_phone": proof}), status)


def test_twenty_tries_an_hour(world: World, member: Member) -> None:
    """Whatever the challenge: nobody guesses through many of them."""
    form = {"new_phone": {"phone": new_number(), "challenge_id": CHALLENGE, "code": "000000"}}
    answers = []
    for _ in range(21):
        world.later(seconds=5)  # so that the minute's limit of submissions is not what stops it
        answers.append(apply(world, member, ITEM, form).status_code)
    assert answers == [401] * 20 + [429]


def test_only_members_get_codes(world: World) -> None:
    person, _ = world.enrol()
    _, tokens = world.sign_in(person)
    client, path = world.client(), f"/api/v1/items/{ITEM}/codes"
    problem(client.post(path, json={"phone": "13900000002"}), 401, "auth.required")
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    answer = client.post(path, json={"phone": "13900000002"}, headers=bearer)
    assert answer.status_code in (401, 403)


def test_other_items_have_no_such_route(world: World, member: Member) -> None:
    problem(post(world, member, "/items/rent-withdrawal/codes", {"phone": "13900000002"}), 404)
