"""Fixtures: the product's WeChat client on the sandbox's double."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sandbox.assembly import Sandbox
from services.core.clock import SystemClock
from wechat.client import WeChatClient
from wechat.config import WeChatConfig
from wechat.token_store import StoredToken


class MemoryTokenStore:
    """TokenStore of one process."""

    def __init__(self) -> None:
        self.kept: dict[str, StoredToken] = {}
        self._locks: dict[str, threading.Lock] = {}

    def get(self, name: str) -> StoredToken | None:
        return self.kept.get(name)

    def put(self, name: str, token: StoredToken) -> None:
        self.kept[name] = token

    def drop(self, name: str, value: str) -> None:
        if name in self.kept and self.kept[name].value == value:
            del self.kept[name]

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        with self._locks.setdefault(name, threading.Lock()):
            yield


@pytest.fixture
def config(sandbox: Sandbox) -> WeChatConfig:
    keys = sandbox.setup.settings["wechat"]
    return WeChatConfig(
        appid=keys["appid"],
        secret=keys["secret"],
        api_base_url=sandbox.setup.url("wechat"),
        open_base_url=sandbox.setup.url("wechat"),
        public_base_url=sandbox.setup.public_base_url,
        template_ids={"settlement_paid": "tpl-settlement-paid", "security": "tpl-security"},
    )


@pytest.fixture
def tokens() -> MemoryTokenStore:
    return MemoryTokenStore()


@pytest.fixture
def client(config: WeChatConfig, tokens: MemoryTokenStore, clock: SystemClock) -> WeChatClient:
    return WeChatClient(config, tokens, clock)


@pytest.fixture
def li(sandbox: Sandbox) -> str:
    """Li's openid; Li follows the account."""
    openid = sandbox.account.openid("li")
    sandbox.account.set_follows(openid, True)
    return openid
