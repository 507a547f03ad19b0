"""A member's change of number over HTTP: the code asked for, read from the new phone, handed in."""

from __future__ import annotations

import itertools
import os
from typing import Any

from tests.support.domain.cases import apply, confirm, post
from tests.support.domain.world import Member, World

ITEM = "phone-change"
_numbers = itertools.count(os.getpid() % 1000 * 10_000)


def new_number() -> str:
    """A number nobody has."""
    return f"139{next(_numbers):08d}"


def ask_code(world: World, member: Member, phone: str) -> Any:
    """The answer to a wish for a code."""
    return post(world, member, f"/items/{ITEM}/codes", {"phone": phone})


def code_on(world: World, member: Member, phone: str) -> str:
    """The code in the latest SMS of a phone."""
    world.run_jobs(member.account_id, "notices.send")
    codes = [n for n in world.channels["sms"].sent if n.recipient == phone and n.template == "operation_code"]
    return str(codes[-1].fields["code"])


def proven(world: World, member: Member, phone: str) -> dict[str, Any]:
    """The form with the code that came to the number."""
    asked = ask_code(world, member, phone)
    assert asked.status_code == 202, asked.get_json()
    code = code_on(world, member, phone)
    return {"new_phone": {"phone": phone, "challenge_id": asked.get_json()["challenge_id"], "code": code}}


def applied(world: World, member: Member, phone: str) -> str:
    """An application for the number that waits for the face."""
    made = apply(world, member, ITEM, proven(world, member, phone))
    assert made.status_code == 201, made.get_json()
    return str(made.get_json()["application_id"])


def changed(world: World, member: Member, phone: str) -> dict[str, Any]:
    """All of it; returns the finished application."""
    done = confirm(world, member, applied(world, member, phone))
    assert done.status_code == 201, done.get_json()
    return dict(done.get_json())


def number_on_record(world: World, member: Member) -> str:
    """The number the centre has."""
    row = world.one("SELECT phone_sealed FROM member WHERE account_id = :a", a=member.account_id)
    return world.cipher.open(bytes(row.phone_sealed), "member.phone")
