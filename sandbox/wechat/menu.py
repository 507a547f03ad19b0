"""Menu 自定义菜单: the limits WeChat puts on one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NEEDS = {
    "click": {"key": 128},
    "view": {"url": 1024},
    "miniprogram": {"url": 1024, "appid": 64, "pagepath": 1024},
}


def menu_trouble(menu: Mapping[str, Any]) -> tuple[int, str] | None:
    """WeChat's error code and a hint, or None when the menu can stand."""
    buttons = menu.get("button")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        return 40017, "invalid button size"
    for button in buttons:
        trouble = _button_trouble(button, top=True)
        if trouble:
            return trouble
    return None


def _button_trouble(button: Mapping[str, Any], *, top: bool) -> tuple[int, str] | None:
    name = button.get("name", "")
    if not name or len(str(name).encode()) > (16 if top else 60):
        return 40018, "invalid button name size"
    subs = button.get("sub_button") or []
    if top and subs:
        if len(subs) > 5:
            return 40023, "invalid sub button size"
        return next((t for sub in subs if (t := _button_trouble(sub, top=False))), None)
    needs = NEEDS.get(str(button.get("type")))
    if needs is None:
        return 40019, "invalid button type"
    for field, longest in needs.items():
        if not 0 < len(str(button.get(field, "")).encode()) <= longest:
            return 40020, f"invalid button {field} size"
    return None
