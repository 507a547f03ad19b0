"""A phone with the mini-program on it: the product's API over the sandbox's WeChat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
from werkzeug.test import TestResponse

from sandbox.assembly import Sandbox
from services.core.clock import SystemClock
from tests.contract.wechat.conftest import MemoryTokenStore
from tests.support.domain.persons import Person
from tests.support.domain.world import World
from wechat.client import WeChatClient
from wechat.config import WeChatConfig


@contextmanager
def on_sandbox(world: World, sandbox: Sandbox) -> Iterator[None]:
    """The product's sign-in asks the sandbox's WeChat, which lives in the machine's time."""
    program = world.product.mini_program
    before = program._config, program._client, program._clock
    keys = sandbox.setup.settings["wechat"]
    config = WeChatConfig(keys["mini_appid"], keys["mini_secret"], sandbox.setup.url("wechat"))
    client = WeChatClient(config, MemoryTokenStore(), SystemClock())
    program._config, program._client, program._clock = config, client, SystemClock()
    try:
        yield
    finally:
        program._config, program._client, program._clock = before


@dataclass
class MiniPhone:
    """One person's phone, running the mini-program."""

    world: World
    sandbox: Sandbox
    person: Person
    tokens: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        who = self.person
        record = {"key": self.key, "name": who.name, "id_no": who.id_no, "phone": who.phone}
        self.sandbox.world.add({**record, "portrait": "obama"})

    @property
    def key(self) -> str:
        """The person's name in the sandbox."""
        return f"m{self.person.number}"

    @property
    def openid(self) -> str:
        """The person's openid in the mini-program."""
        return self.sandbox.account.mini_openid(self.key)

    def wx(self, path: str) -> str:
        """A code: of wx.login (`login`) or of the phone-number button (`phone-number`)."""
        url = f"{self.sandbox.setup.url('phone')}/phone/{self.key}/mini/{path}"
        return str(requests.post(url, timeout=5).json()["code"])

    def session_ends(self) -> None:
        """WeChat lets the session key end."""
        url = f"{self.sandbox.setup.url('phone')}/phone/{self.key}/mini/session"
        requests.delete(url, timeout=5).raise_for_status()

    def log_in(self, code: str | None = None) -> TestResponse:
        """Sign in; the tokens are kept when it worked."""
        answer = self.world.client().post(
            "/api/v1/auth/mini/login", json={"js_code": code or self.wx("login")}
        )
        if answer.status_code == 200:
            self.tokens = answer.get_json()
        return answer

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """A request of the mini-program, with its token in the header."""
        bearer = {"Authorization": f"Bearer {self.tokens['access_token']}"} if self.tokens else {}
        return self.world.client().open(
            f"/api/v1{path}", method=method, json=body, headers={**bearer, **headers}
        )

    def bind_by_phone(self, **changed: str) -> TestResponse:
        """Bind with the number WeChat gives."""
        claim = {"name": self.person.name, "id_no": self.person.id_no}
        body = {**claim, "code": changed.pop("code", None) or self.wx("phone-number"), **changed}
        answer = self.ask("POST", "/bind/mini-phone", body)
        if answer.status_code == 201:
            self.tokens = answer.get_json()
        return answer
