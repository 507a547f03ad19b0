"""A member's case over HTTP: quoted, asked for, faced and confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.applications.models import Application
from services.core.db import transaction
from tests.support.domain.world import Member, World, idempotency


def post(world: World, member: Member, path: str, body: Mapping[str, Any], **headers: str) -> Any:
    """A POST with a key of its own unless one is given."""
    key = headers or idempotency()
    return world.client().post(f"/api/v1{path}", json=body, headers={**member.bearer, **key})


def quote(world: World, member: Member, item: str, form: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The item's answer."""
    answer = post(world, member, f"/items/{item}/quote", form or {})
    assert answer.status_code == 200, answer.get_json()
    return dict(answer.get_json())


def apply(world: World, member: Member, item: str, form: Mapping[str, Any], **headers: str) -> Any:
    """The answer to an application."""
    return post(world, member, f"/items/{item}/applications", form, **headers)


def faced(world: World, member: Member, application_id: str) -> dict[str, str]:
    """The body of a confirmation: a face that passed for this application."""
    with transaction(world.sessions) as session:
        row = session.get_one(Application, (member.account_id, UUID(application_id)))
    return {"face_session_id": str(world.passed_face(member, row))}


def confirm(world: World, member: Member, application_id: str) -> Any:
    """The answer to a confirmation by face."""
    return post(
        world, member, f"/applications/{application_id}/confirm", faced(world, member, application_id)
    )


def refusals(world: World, member: Member, item: str, form: Mapping[str, Any] | None = None) -> list[str]:
    """The codes of a quote that says no."""
    found = quote(world, member, item, form)
    assert not found["allowed"]
    return [refusal["code"] for refusal in found["refusals"]]
