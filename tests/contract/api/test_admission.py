"""Too many at once: who waited too long is told to come back; the machine's own questions and partners are let in."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from flask import Flask

from app.http import admission
from app.http.admission import Admission, waited_ms
from config.settings import ROOT
from runtime.free_ports import free_port
from tests.contract.api.slow_app import SLOW_S
from tests.support.domain.world import Member, World


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request has waited for five seconds."""
    monkeypatch.setattr(admission, "waited_ms", lambda sock: 5000)


@pytest.fixture
def connected() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a TCP connection."""
    with (
        socket.create_server(("127.0.0.1", 0)) as door,
        socket.create_connection(door.getsockname()) as phone,
    ):
        server, _ = door.accept()
        with server:
            yield phone, server


def test_a_wait_counts_from_the_last_bytes(connected: tuple[socket.socket, socket.socket]) -> None:
    phone, server = connected
    phone.sendall(b"POST")
    time.sleep(0.2)
    assert 190 <= waited_ms(server) < 2000
    phone.sendall(b" /")
    assert waited_ms(server) < 100


def test_where_nobody_can_say_nobody_is_refused() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert waited_ms(ours) == 0
    assert waited_ms(ours) == 0
    assert waited_ms(None) == 0


@pytest.mark.usefixtures("late")
def test_a_member_who_waited_is_told_when_to_come_back(world: World, member: Member) -> None:
    response = world.client().get("/api/v1/home", headers=member.bearer)
    assert response.status_code == 503
    assert response.content_type == "application/problem+json"
    assert 2 <= int(response.headers["Retry-After"]) <= 5
    assert response.headers["Cache-Control"] == "no-store"
    body = response.get_json()
    assert (body["code"], body["status"]) == ("service.turned_away", 503)
    assert body["detail"] == "现在办理的人有点多，您的操作没有生效，请过一会儿再试。"


def test_a_member_who_did_not_wait_is_let_in(world: World, member: Member) -> None:
    assert world.client().get("/api/v1/home", headers=member.bearer).status_code == 200


@pytest.mark.usefixtures("late")
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/verify/ZZ000000000000"])
def test_the_machine_s_own_questions_are_answered(world: World, path: str) -> None:
    assert world.client().get(path).status_code != 503


@pytest.mark.usefixtures("late")
def test_partners_are_let_in(world: World) -> None:
    secret = world.product.ports().sms_receipt_secrets["tencent"]
    assert world.client().post(f"/webhooks/sms/tencent/{secret}", json=[]).status_code == 200
    assert world.client().get("/webhooks/wechat?signature=x&timestamp=1&nonce=1&echostr=1").status_code < 500


def test_zero_lets_everybody_wait() -> None:
    app = Flask("plain")
    admission.install(app, 0)
    assert not isinstance(app.wsgi_app, Admission)


@pytest.fixture
def served() -> Iterator[str]:
    """The slow application under gunicorn as the product is served, with one thread."""
    port = free_port()
    env = {
        **os.environ,
        "ANJU_WEB_BIND": f"127.0.0.1:{port}",
        "ANJU_WEB_WORKERS": "1",
        "ANJU_WEB_THREADS": "1",
    }
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        "config/gunicorn.py",
        "tests.contract.api.slow_app:app",
    ]
    server = subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        until = time.monotonic() + 20
        while not _serves(url):
            assert time.monotonic() < until, "gunicorn does not start"
            time.sleep(0.05)
        yield url
    finally:
        server.terminate()
        server.wait(10)


def _serves(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def test_behind_one_slow_thread(served: str) -> None:
    """Eight at once, each 0.2 s, one after the other, would keep the last waiting for 1.4 s."""
    paths = ["/api/v1/home"] * 7 + ["/healthz"]
    with ThreadPoolExecutor(len(paths)) as phones:
        began = time.monotonic()
        answers = list(phones.map(lambda path: requests.get(served + path, timeout=10), paths))
        took_s = time.monotonic() - began
    statuses = Counter(answer.status_code for answer in answers[:-1])
    assert answers[-1].status_code == 200
    assert statuses[200] + statuses[503] == 7
    assert 1 <= statuses[200] <= 3, (
        "a second one begins after 0.2 s at the latest, more only on a stalling machine"
    )
    assert took_s < 7 * SLOW_S
    assert requests.get(f"{served}/api/v1/home", timeout=10).status_code == 200, "all is well at once"
