"""Calls to WeChat and to departments go straight: where an answer or the environment would send them, nobody is asked."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from services.core.clock import FixedClock
from services.datasharing.adapters.http import HttpSharingGateway, ShareConfig
from services.datasharing.ports import ShareRequest
from wechat.config import WeChatConfig
from wechat.errors import WeChatUnreachable
from wechat.oauth import OAuthClient

PROXIES = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
QUESTION = ShareRequest("r-1", "c-1", "租房提取", "k-1", "李安", "659999199003070014", {})


@contextmanager
def place(location: str | None) -> Iterator[tuple[str, list[str]]]:
    """A server that sends every caller on to `location`, or only says that it is there; what it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path.partition("?")[0])
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.send_response(200 if location is None else 307)
            if location is not None:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET  # noqa: N815 - the name the library calls

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()


def ask_wechat(base_url: str) -> None:
    """A code for an openid; the address holds the app's secret."""
    with pytest.raises(WeChatUnreachable):
        OAuthClient(WeChatConfig("wx1", "hush", base_url, base_url)).openid_for("c0de")


def ask_a_department(base_url: str) -> None:
    """A register; the question holds name and ID number."""
    gateway = HttpSharingGateway(ShareConfig(base_url, "C43020", "key"), FixedClock(datetime(2026, 11, 23, tzinfo=UTC)))
    assert gateway.ask("civil.marriage", QUESTION).status == "unavailable"


ASKED = [(ask_wechat, "/sns/oauth2/access_token"), (ask_a_department, "/share/v1/civil.marriage")]


@pytest.mark.parametrize(("ask", "path"), ASKED)
def test_no_redirect_is_followed(ask: Callable[[str], None], path: str) -> None:
    with place(None) as (aim, led), place(f"{aim}/elsewhere") as (address, asked):
        ask(address)
    assert (asked, led) == ([path], [])


@pytest.mark.parametrize(("ask", "path"), ASKED)
def test_no_proxy_of_the_environment_is_used(
    ask: Callable[[str], None], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place(None) as (proxy, through), place("/elsewhere") as (address, asked):
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        for name in PROXIES:
            monkeypatch.setenv(name, proxy)
        ask(address)
    assert (asked, through) == ([path], [])
