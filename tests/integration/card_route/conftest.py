"""The way without a face: one member's calls, as their phone makes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from services.applications.models import Application
from services.core.clock import SHANGHAI
from services.core.db import transaction
from services.face.engine.types import Verdict
from services.members.binding import bind
from tests.support.domain.world import Member, World, idempotency, public_point

STRANGER = Verdict(False, ("match.other_person",), {}, {}, ())
DARK = Verdict(False, ("face.too_dark",), {}, {}, ())
NEXT_DAY = datetime(2026, 11, 24, 10, 0, tzinfo=SHANGHAI)
"""24 hours after the world's start."""


@pytest.fixture
def application(world: World, member: Member) -> Application:
    """A withdrawal of 3,000.00 that waits for its proof."""
    return world.submit(member)


class Way:
    """One member's calls, as their phone makes them."""

    def __init__(self, world: World, member: Member) -> None:
        self.world, self.member, self.client = world, member, world.client()

    @property
    def bearer(self) -> dict[str, str]:
        """A session of this hour: tests move the clock by days."""
        _, tokens = self.world.sign_in(self.member.person)
        return {"Authorization": f"Bearer {tokens['access_token']}"}

    def ask(self, application: Application) -> Any:
        """Ask for the card check and the code."""
        path = f"/api/v1/applications/{application.application_id}/card-sms"
        return self.client.post(path, json={}, headers=self.bearer)

    def code(self) -> str:
        """The code in the last SMS."""
        self.world.run_jobs(self.member.account_id, "notices.send")
        notice = self.world.channels["sms"].sent[-1]
        assert notice.template == "operation_code"
        return str(notice.fields["code"])

    def confirm(
        self, application: Application, challenge: str, code: str, key: dict[str, str] | None = None
    ) -> Any:
        """Hand in the code."""
        path = f"/api/v1/applications/{application.application_id}/card-sms/confirm"
        headers = self.bearer | (key or idempotency())
        return self.client.post(path, json={"challenge_id": challenge, "code": code}, headers=headers)

    def go(self, application: Application) -> Any:
        """All of it; returns the approved application."""
        asked = self.ask(application)
        assert asked.status_code == 202, asked.text
        done = self.confirm(application, asked.json["challenge_id"], self.code())
        assert done.status_code == 201, done.text
        return done.json

    def cancel(self, application: Application) -> Any:
        """Stop it."""
        path = f"/api/v1/applications/{application.application_id}/cancel"
        return self.client.post(path, headers=self.bearer)

    def read(self, application: Application) -> Any:
        """The application as it stands."""
        path = f"/api/v1/applications/{application.application_id}"
        return self.client.get(path, headers=self.bearer).json

    def ways(self, application: Application) -> list[Any]:
        """The ways without a face."""
        path = f"/api/v1/applications/{application.application_id}/other-ways"
        return list(self.client.get(path, headers=self.bearer).json["ways"])


@pytest.fixture
def way(world: World, member: Member) -> Way:
    """The member's phone."""
    return Way(world, member)


def refused(response: Any) -> tuple[int, str]:
    """Status and code of a refusal."""
    return response.status_code, response.json["code"]


def told(world: World, member: Member, template: str) -> list[tuple[str, dict[str, str]]]:
    """What went out by each channel under a template."""
    world.run_jobs(member.account_id, "notices.handle_event", "notices.send")
    return [
        (name, dict(notice.fields))
        for name, channel in world.channels.items()
        for notice in channel.sent
        if notice.template == template
    ]


def dispatch_all(world: World, member: Member) -> None:
    """Run the account's payment jobs once, whatever their time."""
    world.run_jobs(member.account_id, "settlement.dispatch", rounds=1)


def instruction(world: World, application: Application) -> Any:
    """The payment instruction's row."""
    return world.one(
        "SELECT state, due_at, attempts FROM payment_instruction WHERE application_id = :id",
        id=application.application_id,
    )


def new_phone(world: World, member: Member) -> None:
    """Another phone, bound a moment ago by the same WeChat user."""
    world.later(minutes=1)
    with transaction(world.sessions) as session:
        bind(
            session,
            world.cipher,
            member.account_id,
            member.person.openid,
            "h5",
            public_point(ec.generate_private_key(ec.SECP256R1())),
            world.clock.now(),
        )
