"""WeChat's signature of a page over HTTP: while WeChat is away, and how often it is given."""

from __future__ import annotations

from dataclasses import replace

import pytest
from werkzeug.test import TestResponse

from app.member_api import page_config
from sandbox.assembly import Sandbox
from tests.contract.api.reading import problem
from tests.contract.wechat.conftest import MemoryTokenStore
from tests.support.domain.world import World
from wechat.client import WeChatClient
from wechat.config import WeChatConfig
from wechat.jssdk import JsSdk, signature

PATH = "/api/v1/jssdk-config"


@pytest.fixture
def wechat(world: World, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The pages are signed with a ticket of the sandbox's WeChat; none is kept yet."""
    keys, own = sandbox.setup.settings["wechat"], world.app.extensions["anju"]
    config = WeChatConfig(keys["appid"], keys["secret"], sandbox.setup.url("wechat"))
    client = WeChatClient(config, MemoryTokenStore(), world.clock)
    base = world.product.settings.public_base_url
    signed = replace(own, jssdk=JsSdk(config.appid, base, client.jsapi_ticket, world.clock))
    monkeypatch.setitem(world.app.extensions, "anju", signed)
    return sandbox


def page(world: World) -> str:
    """One of our pages."""
    return f"{world.product.settings.public_base_url}/m/"


def sign(world: World) -> TestResponse:
    """Its signature, asked for from an address of its own."""
    return world.client().get(PATH, query_string={"url": page(world)})


def away(wechat: Sandbox, kind: str) -> None:
    """From now on no ticket is to be had."""
    wechat.world.faults.order("wechat", "ticket/getticket", kind, times=None, args={"errcode": 48001})


@pytest.mark.parametrize("kind", ["http_500", "html", "reset", "errcode"])
def test_without_a_ticket_it_is_wechat_that_does_not_answer(world: World, wechat: Sandbox, kind: str) -> None:
    away(wechat, kind)
    answer = sign(world)
    body = problem(answer, 503, "auth.wechat_unavailable")
    assert (answer.headers["Retry-After"], "48001" in body["detail"]) == ("3", False)


@pytest.mark.parametrize("kind", ["http_500", "errcode"])
def test_a_ticket_that_still_holds_signs_while_wechat_is_away(
    world: World, wechat: Sandbox, kind: str
) -> None:
    """It lasts two hours: good after 7,000 s, when it is time for another, and over after 7,201."""
    ticket = wechat.account.ticket()["ticket"]
    assert sign(world).status_code == 200
    away(wechat, kind)
    world.later(seconds=7000)
    given = sign(world).get_json()
    assert given["signature"] == signature(ticket, given["nonce"], given["timestamp"], page(world))
    world.later(seconds=201)
    problem(sign(world), 503, "auth.wechat_unavailable")


def test_an_address_that_asks_without_end_is_told_to_wait(
    world: World, wechat: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred phones behind one address are served; the limit is brought within reach of the test."""
    monkeypatch.setattr(page_config, "JSSDK", replace(page_config.JSSDK, most=100))
    client = world.client()
    asked = [client.get(PATH, query_string={"url": page(world)}).status_code for _ in range(100)]
    assert asked == [200] * 100
    refused = client.get(PATH, query_string={"url": page(world)})
    problem(refused, 429, "request.too_many")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert sign(world).status_code == 200
