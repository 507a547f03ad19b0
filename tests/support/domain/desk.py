"""The review desk over a real database, and people who work at it; for tests over HTTP."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.staff_desk.assembly import create_desk
from services.applications.models import Application
from services.core.db import transaction
from services.staff.service import NewStaff, add_staff, disable
from services.staff.totp import code_at, step_of
from tests.support.domain.world import Member, World

PASSWORD = "clear-sky-over-hunan"
_numbers = itertools.count(1)
_SEEN = re.compile(r'name="(opinion|proposal)" value="([0-9a-f-]{36})"')
_MARK = re.compile(r'name="mark" value="([0-9a-f]{64})"')


@dataclass
class Colleague:
    """A person of the desk in a browser of their own."""

    login: str
    secret: bytes
    client: FlaskClient
    world: World

    def code(self, drift: int = 0) -> str:
        """What their authenticator shows now."""
        return code_at(self.secret, step_of(self.world.clock.now()) + drift)

    def mark(self, path: str) -> str:
        """The mark a form of this page carries."""
        found = _MARK.search(self.client.get(path).get_data(as_text=True))
        assert found, path
        return found[1]

    def post(self, path: str, **fields: str) -> TestResponse:
        """Send a form as the page would."""
        page = path if path.startswith("/sign-in") else "/queue"
        seen = self.seen(path.removesuffix("/decision")) if path.endswith("/decision") else {}
        return self.client.post(path, data={**seen, **fields, "mark": self.mark(page)})

    def seen(self, path: str) -> dict[str, str]:
        """Which opinion the page shows to be decided on, as its form carries it."""
        found = _SEEN.search(self.client.get(path).get_data(as_text=True))
        return {found[1]: found[2]} if found else {}

    def sign_in(self) -> Colleague:
        """Password, then the code of a fresh half minute."""
        self.world.later(seconds=31)
        assert self.post("/sign-in", login=self.login, password=PASSWORD).status_code == 303
        assert self.post("/sign-in/code", code=self.code()).status_code == 303
        return self

    def act(self, case: Application, step: str, **fields: str) -> TestResponse:
        """One step of a case."""
        return self.post(f"/cases/{case.case_no}/{step}", **fields)

    def page(self, case: Application) -> str:
        """The case as they see it."""
        answer = self.client.get(f"/cases/{case.case_no}")
        assert answer.status_code == 200, answer.status_code
        return answer.get_data(as_text=True)


class DeskWorld:
    """The desk of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.app: Flask = create_desk(world.product.desk_ports())

    def client(self) -> FlaskClient:
        """A browser at an address of its own."""
        client = self.app.test_client()
        number = next(_numbers)
        client.environ_base["REMOTE_ADDR"] = f"10.77.{number // 256}.{number % 256}"
        return client

    def colleague(self, *roles: str, id_no: str | None = None, demo: bool = False) -> Colleague:
        """A person with a login of their own, not signed in yet."""
        login, secret = f"staff{next(_numbers)}", bytes(range(20))
        new = NewStaff(
            login, f"同事{login[5:]}", roles or ("reviewer", "approver"), PASSWORD, id_no, demo, secret
        )
        with transaction(self.world.sessions) as session:
            add_staff(session, self.world.cipher, new, self.world.clock.now())
        return Colleague(login, secret, self.client(), self.world)

    def come_back(self, first: Colleague, id_no: str) -> Colleague:
        """The person left, and is back under a login of their own that is new."""
        with transaction(self.world.sessions) as session:
            disable(session, first.login, self.world.clock.now())
        return self.colleague(id_no=id_no)

    def in_review(self, amount_fen: int = 300_000) -> tuple[Member, Application]:
        """A married member's rent withdrawal, confirmed by face: it waits for people."""
        world = self.world
        world.sharing.answers["civil.marriage"] = ("ok", {"status": "20", "spouse": None})
        member = world.member()
        application = world.confirm(member, world.submit(member, amount_fen))
        assert application.state == "in_review"
        return member, application
