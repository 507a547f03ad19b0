"""Sandbox 沙箱: `python -m sandbox --state DIR` plays the outside world on this machine."""

from __future__ import annotations

import argparse
import gc
import os
import shlex
import signal
import sys
import threading
from pathlib import Path

from sandbox.assembly import Sandbox
from sandbox.setup import MEMBERS_FILE, Setup, read_settings

PORTS = ("phone", "wechat", "sms", "share", "settlement", "settlement_notice", "sms_aliyun", "sms_mas")


def parse(arguments: list[str]) -> Setup:
    """Flags, then ANJU_* variables, then config/sandbox.toml."""
    settings = read_settings()
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="沙箱：微信、短信、数据共享、结算节点、手机"
    )
    parser.add_argument(
        "--state", type=Path, required=True, help="folder that keeps inboxes, bindings and tokens"
    )
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to listen on")
    parser.add_argument("--members", type=Path, default=MEMBERS_FILE, help="people of the demo")
    parser.add_argument("--clock-file", type=Path, default=None, help="offset file the product reads")
    parser.add_argument(
        "--public-base-url",
        default=os.environ.get("ANJU_PUBLIC_BASE_URL", f"http://127.0.0.1:{settings['ports']['web']}"),
        help="where the product's member zone is",
    )
    parser.add_argument(
        "--import-command",
        default=f"{shlex.quote(sys.executable)} -m runtime.cli import-members --file",
        help="how an added person is told to the product; the file is appended",
    )
    for name in PORTS:
        flag = f"--{name.replace('_', '-')}-port"
        parser.add_argument(flag, type=int, default=settings["ports"][name])
    given = parser.parse_args(arguments)
    return Setup(
        state=given.state,
        settings=settings,
        ports={name: getattr(given, f"{name}_port") for name in PORTS},
        host=given.host,
        public_base_url=given.public_base_url.rstrip("/"),
        members_file=given.members,
        clock_file=given.clock_file,
        import_command=tuple(shlex.split(given.import_command)),
    )


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop."""
    setup = parse(sys.argv[1:] if arguments is None else arguments)
    sandbox = Sandbox(setup)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    gc.freeze()  # a city of people is not looked through for garbage again and again
    sandbox.start()
    print(f"沙箱已开：手机 {setup.url('phone')}/", flush=True)
    stop.wait()
    sandbox.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
