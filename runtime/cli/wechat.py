"""WeChat commands 微信公众号: the menu compared and pushed, and the day's calls counted."""

from __future__ import annotations

import argparse

from config.settings import Settings
from runtime import partners
from runtime.bootstrap import build
from wechat.errors import WeChatError
from wechat.menu import differences, present_menu, push_menu, wanted_menu
from wechat.quotas import DatabaseQuotas, Use


def run_menu(settings: Settings, options: argparse.Namespace) -> int:
    """Compare wechat/menu.toml with the menu on the public account (diff), or put it there (push)."""
    client = build(settings).wechat_client
    wanted = wanted_menu(settings.public_base_url)
    try:
        found = differences(wanted, present_menu(client))
        if found and options.action == "push":
            push_menu(client, wanted)
    except WeChatError as fault:
        print(f"wechat: {fault}")
        return 2
    print("\n".join(found) or "menu is as wanted")
    return 1 if found and options.action == "diff" else 0


def run_quota(settings: Settings, options: argparse.Namespace) -> int:
    """Show today's calls to WeChat and their limits (show), or let WeChat count anew (clear: ten times a month)."""
    product = build(settings)
    fullest = 0
    for config in (product.wechat_config, partners.mini_program(settings)):
        quotas = DatabaseQuotas(product.sessions, product.clock, config.appid)
        if options.action == "clear" and config.appid == settings.wechat_appid:
            try:
                product.wechat_client.clear_quota()
            except WeChatError as fault:
                print(f"wechat: {fault}")
                return 2
            quotas.clear()
        uses = quotas.today()
        fullest = max([fullest, *(100 if use.stopped else use.percent for use in uses)])
        print("\n".join([config.appid, *map(_line, uses)]))
    return 1 if fullest >= 100 else 0


def _line(use: Use) -> str:
    limit = f"{use.limit} {use.percent}%" if use.limit else "no limit known"
    return f"  {use.call:32} {use.used} of {limit}{' STOPPED' if use.stopped else ''}"


COMMANDS = {"wechat-menu": run_menu, "wechat-quota": run_quota}
ACTIONS = {"wechat-menu": ("diff", "push"), "wechat-quota": ("show", "clear")}


def add_arguments(name: str, sub: argparse.ArgumentParser) -> None:
    """What the commands take."""
    if name in ACTIONS:
        sub.add_argument("action", choices=ACTIONS[name])
