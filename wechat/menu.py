"""Menu 自定义菜单: kept in menu.toml, pushed to the account, compared with what stands there."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from wechat.client import WeChatClient
from wechat.errors import WeChatFailure
from wechat.replies import entry_url

MENU_FILE = Path(__file__).with_name("menu.toml")
NO_MENU = 46003


def wanted_menu(public_base_url: str, path: Path = MENU_FILE) -> dict[str, Any]:
    """The menu as WeChat's API takes it."""
    buttons = tomllib.loads(path.read_text("utf-8"))["button"]
    return {"button": [_button(button, public_base_url) for button in buttons]}


def _button(button: Mapping[str, Any], public_base_url: str) -> dict[str, Any]:
    if "sub_button" in button:
        subs = [_button(sub, public_base_url) for sub in button["sub_button"]]
        return {"name": button["name"], "sub_button": subs}
    if "key" in button:
        return {"type": "click", "name": button["name"], "key": button["key"]}
    return {"type": "view", "name": button["name"], "url": entry_url(public_base_url, button["page"])}


def push_menu(client: WeChatClient, menu: Mapping[str, Any]) -> None:
    """Put the menu on the account."""
    client.menu.create(dict(menu))


def present_menu(client: WeChatClient) -> dict[str, Any]:
    """The menu that stands on the account; empty when there is none."""
    try:
        menu: dict[str, Any] = client.get("menu/get")["menu"]
    except WeChatFailure as failure:
        if failure.errcode != NO_MENU:
            raise
        return {"button": []}
    return menu


def differences(wanted: Mapping[str, Any], present: Mapping[str, Any]) -> list[str]:
    """Lines that tell where the account's menu is not the wanted one; empty when it is."""
    ours, theirs = set(_lines(wanted)), set(_lines(present))
    return [f"缺：{line}" for line in sorted(ours - theirs)] + [
        f"多：{line}" for line in sorted(theirs - ours)
    ]


def _lines(menu: Mapping[str, Any]) -> Iterator[str]:
    for place, button in enumerate(menu.get("button", ()), 1):
        subs = button.get("sub_button") or []
        yield f"{place} {button['name']} {_target(button)}".rstrip()
        for sub_place, sub in enumerate(subs, 1):
            yield f"{place}.{sub_place} {sub['name']} {_target(sub)}"


def _target(button: Mapping[str, Any]) -> str:
    return str(button.get("url") or button.get("key") or "")
