"""WeChat alone 单独运行微信: `python -m sandbox.wechat --callback URL`, for a project that has the rest elsewhere."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from flask import Flask

from sandbox.phone import control, facial, messages, mini, page
from sandbox.phone.phones import Phones
from sandbox.serving import HttpServer, guard, new_app
from sandbox.setup import MEMBERS_FILE, Setup, read_settings
from sandbox.sms.messages import Network
from sandbox.store import Store
from sandbox.wechat.account import Account
from sandbox.wechat.push import Pusher
from sandbox.wechat.server import wechat_app
from sandbox.world import World

KEYS = ("appid", "original_id", "secret", "token", "aes_key")


def parse(arguments: list[str]) -> tuple[Setup, dict[str, str]]:
    """Flags, then config/sandbox.toml; the callback addresses by app."""
    settings = read_settings()
    parser = argparse.ArgumentParser(prog="python -m sandbox.wechat", description="微信的替身，单独运行")
    parser.add_argument("--state", type=Path, required=True, help="folder that keeps its memory")
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to listen on")
    parser.add_argument("--port", type=int, default=settings["ports"]["wechat"], help="WeChat's hosts")
    parser.add_argument(
        "--phone-port", type=int, default=settings["ports"]["phone"], help="phone and control"
    )
    parser.add_argument("--members", type=Path, default=MEMBERS_FILE, help="people, as a [[member]] file")
    parser.add_argument("--site", default=f"http://127.0.0.1:{settings['ports']['web']}", help="your site")
    parser.add_argument("--callback", default="", help="where pushes of the account go")
    parser.add_argument("--mini-callback", default="", help="where pushes of the mini-program go")
    for name in KEYS:
        parser.add_argument(f"--{name.replace('_', '-')}", default=settings["wechat"][name])
    given = parser.parse_args(arguments)
    settings["wechat"] |= {name: getattr(given, name) for name in KEYS}
    ports = {**settings["ports"], "wechat": given.port, "phone": given.phone_port}
    site = given.site.rstrip("/")
    setup = Setup(given.state, settings, ports, given.host, site, members_file=given.members)
    return setup, {"callback.account": given.callback, "callback.mini": given.mini_callback}


def servers(setup: Setup, callbacks: dict[str, str]) -> tuple[list[HttpServer], Pusher]:
    """WeChat's hosts on one port, the phone and the control API on another."""
    setup.state.mkdir(parents=True, exist_ok=True)
    world = World(setup, Store(setup.state / "wechat.sqlite"))
    account = Account(world)
    pusher = Pusher(account)
    for name, url in callbacks.items():
        world.store.put("wechat.settings", name, url)
    phones = Phones(world, account, pusher, Network(world))
    apps = {"wechat": wechat_app(world, account, pusher), "phone": phone_only(world, phones)}
    return [HttpServer(name, app, setup.host, setup.ports[name]) for name, app in apps.items()], pusher


def phone_only(world: World, phones: Phones) -> Flask:
    """The phone without bank and actor."""
    app = new_app(world, "phone", "sandbox.phone.server", recorded=False)
    for part in (page, control, facial, mini, messages):
        app.register_blueprint(part.blueprint(phones))
    return app


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop."""
    setup, callbacks = parse(sys.argv[1:] if arguments is None else arguments)
    guard(setup.host)
    running, pusher = servers(setup, callbacks)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    for server in running:
        server.start()
    print(f"微信已开：接口 {setup.url('wechat')}，手机 {setup.url('phone')}/", flush=True)
    stop.wait()
    for server in running:
        server.stop()
    pusher.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
