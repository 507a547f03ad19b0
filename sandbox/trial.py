"""Trial 试用: a whole sandbox on free ports, for tests and trials."""

from __future__ import annotations

import itertools
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.serving import make_server

from sandbox.assembly import Sandbox
from sandbox.setup import MEMBERS_FILE, Setup, read_settings

PORTS = ("phone", "wechat", "sms", "share", "settlement", "settlement_notice", "sms_aliyun", "sms_mas", "web")

# Below the ports that outgoing connections take, and each process walks from a place of its own: a port asked
# of the system (bind to 0) can go to somebody else between being named and being opened.
_WALK = itertools.count(os.getpid() * 397)


def free_ports(names: tuple[str, ...] = PORTS) -> dict[str, int]:
    """A port for each name that nobody listens on, and that nobody else on this machine is about to be given."""
    return {name: _next_free() for name in names}


def _next_free() -> int:
    while True:
        port = 21000 + next(_WALK) % 11000
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def trial_setup(state: Path, *, members: Path = MEMBERS_FILE, **more: Any) -> Setup:
    """A setup on free ports; the product is expected on the port named web."""
    ports = free_ports()
    defaults = {"public_base_url": f"http://127.0.0.1:{ports['web']}"}
    return Setup(state, read_settings(), ports, members_file=members, **{**defaults, **more})


@contextmanager
def running(setup: Setup) -> Iterator[Sandbox]:
    """The sandbox, open for the length of the block."""
    sandbox = Sandbox(setup)
    sandbox.start()
    try:
        yield sandbox
    finally:
        sandbox.stop()


@contextmanager
def product(app: Flask, setup: Setup) -> Iterator[str]:
    """A web application where the sandbox expects the product; gives its base URL."""
    server = make_server("127.0.0.1", setup.ports["web"], app, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield setup.public_base_url
    finally:
        server.shutdown()
        server.server_close()


def members_file(path: Path, *members: Mapping[str, Any]) -> Path:
    """A demo file with the given people (values: text, integers and lists of flat tables)."""
    path.write_text("\n".join(f"[[member]]\n{_table(member)}" for member in members), "utf-8")
    return path


def _table(member: Mapping[str, Any]) -> str:
    return "\n".join(f"{name} = {_value(value)}" for name, value in member.items()) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_value(item)}" for name, item in value.items()) + " }"
    return f'"{value}"' if isinstance(value, str) else str(value)
