"""The commands an operator has: the menu compared and pushed, today's calls shown, their exit codes."""

from argparse import Namespace
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from runtime.cli import wechat as commands
from sandbox.assembly import Sandbox
from services.core.clock import SystemClock
from services.core.db import make_sessions
from tests.support.databases import Database
from wechat.client import WeChatClient
from wechat.config import WeChatConfig
from wechat.menu import wanted_menu
from wechat.quotas import DatabaseQuotas

SETTINGS: Any = SimpleNamespace(public_base_url="https://gjj.example.cn")


def _run(action: str) -> int:
    return commands.run_menu(SETTINGS, Namespace(action=action))


@pytest.fixture
def _product(client: WeChatClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "build", lambda settings: SimpleNamespace(wechat_client=client))


@pytest.mark.usefixtures("_product")
def test_the_menu_is_compared_and_pushed(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("diff") == 1
    assert "缺：1 我的账户" in capsys.readouterr().out
    assert sandbox.store.get("wechat.menu", "current") is None
    assert _run("push") == 0
    assert sandbox.store.get("wechat.menu", "current") == wanted_menu("https://gjj.example.cn")
    capsys.readouterr()
    assert _run("diff") == 0
    assert capsys.readouterr().out == "menu is as wanted\n"


@pytest.mark.usefixtures("_product")
def test_a_menu_changed_in_the_console_is_told(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    _run("push")
    menu = sandbox.store.get("wechat.menu", "current")
    menu["button"][1]["name"] = "别的"
    sandbox.store.put("wechat.menu", "current", menu)
    capsys.readouterr()
    assert _run("diff") == 1
    told = capsys.readouterr().out.splitlines()
    assert [line.split(" http")[0] for line in told] == ["缺：2 办业务", "多：2 别的"]


@pytest.mark.usefixtures("_product")
def test_without_wechat_the_command_says_so(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    sandbox.world.faults.order("wechat", "menu/get", "errcode", args={"errcode": 48001})
    assert _run("diff") == 2
    assert capsys.readouterr().out == "wechat: menu/get: errcode 48001\n"


def test_today_s_calls(
    database: Database,
    config: WeChatConfig,
    clock: SystemClock,
    client: WeChatClient,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sessions = make_sessions(database.engine)
    product = SimpleNamespace(sessions=sessions, clock=clock, wechat_config=config, wechat_client=client)
    monkeypatch.setattr(commands, "build", lambda settings: product)
    mini: Callable[[object], object] = lambda settings: SimpleNamespace(appid="wxmini")  # noqa: E731
    monkeypatch.setattr(commands.partners, "mini_program", mini)
    settings: Any = SimpleNamespace(wechat_appid=config.appid)
    quotas = DatabaseQuotas(sessions, clock, config.appid)
    for _ in range(3):
        quotas.may_call("menu/get", urgent=False)
    assert commands.run_quota(settings, Namespace(action="show")) == 0
    assert "menu/get                         3 of 10000 0%" in capsys.readouterr().out
    quotas.stop("menu/create")
    assert commands.run_quota(settings, Namespace(action="show")) == 1
    assert "STOPPED" in capsys.readouterr().out
    assert commands.run_quota(settings, Namespace(action="clear")) == 0
    assert quotas.today() == []
