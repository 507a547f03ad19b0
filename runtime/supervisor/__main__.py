"""守护命令: `python -m runtime.supervisor serve | up | stop | run`."""

import argparse
import fcntl
import json
import logging
import os
import signal
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import IO

from config.settings import ROOT
from runtime.embedded_pg import PostgresBusy, PostgresFailed
from runtime.pg_cluster import ClusterFailed
from runtime.supervisor.ports import Ports
from runtime.supervisor.system import StartFailed, System


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m runtime.supervisor", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    helps = {
        "serve": "run the whole system in the foreground",
        "up": "the same for programs: one JSON line when ready, until standard input closes",
        "stop": "stop the system that runs under --home",
        "run": "run `python ARGS...` beside the running system, with its environment",
    }
    for name, text in helps.items():
        command = commands.add_parser(name, help=text)
        command.add_argument("--home", type=Path, default=ROOT / "var", help="state folder")
        if name in ("serve", "up"):
            command.add_argument("--base-port", type=int, help="port of the web server; the others follow")
            command.add_argument("--free-ports", action="store_true", help="take ports that are free now")
            command.add_argument("--fast", action="store_true", help="database without fsync, for tests")
            command.add_argument("--json", action="store_true", help="print addresses as one JSON line")
    given, rest = parser.parse_known_args(words)
    if rest and given.command != "run":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    given.args = rest
    return given


def _ports(given: argparse.Namespace) -> Ports:
    if given.free_ports:
        return Ports.free()
    return Ports.based_at(given.base_port) if given.base_port else Ports.standard()


def _claim(home: Path) -> IO[str]:
    """Hold the state folder for this supervisor; the file names its process."""
    home.mkdir(parents=True, exist_ok=True)
    lock = (home / "supervisor.pid").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StartFailed(f"the system under {home} is already running") from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _serve(given: argparse.Namespace) -> int:
    if os.environ.get("ANJU_ENV") == "production":
        raise StartFailed("this runs the made-up outside world too: see docs/operations.md for production")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    if given.command == "up":
        threading.Thread(target=_wait_for_eof, args=(stop,), daemon=True).start()
    with _claim(given.home.resolve()):
        system = System(given.home, _ports(given), durable=not given.fast)
        started = time.monotonic()
        system.start()
        _announce(system, time.monotonic() - started, as_json=given.json or given.command == "up")
        stop.wait()
        if given.command == "serve":
            print("stopping ...", flush=True)
        system.stop()
    return 0


def _wait_for_eof(stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):  # not sys.stdin: this thread must not hold its lock at exit
        pass
    stop.set()


def _announce(system: System, seconds: float, *, as_json: bool) -> None:
    if not as_json:
        print(f"安居 runs (started in {seconds:.1f} s). Open {system.url}", flush=True)
        print(f"review desk for staff: {system.ports.url('staff')}/ (docs/operations.md)", flush=True)
        print(f"logs: {system.logs}/*.log   stop: Ctrl-C or make stop", flush=True)
        return
    http = ("web", "staff", "phone", "wechat", "sms", "share", "sms_aliyun", "sms_mas")
    facts = {
        "url": system.url,
        "urls": {name: system.ports.url(name) for name in http},
        "ports": asdict(system.ports),
        "pids": system.pids(),
        "pid": os.getpid(),
        "home": str(system.home),
        "logs": str(system.logs),
        "environment_file": str(system.home / "secrets" / "environment.json"),
        "seconds": round(seconds, 2),
    }
    print(json.dumps(facts), flush=True)


def _stop(home: Path) -> int:
    """Ask the running supervisor to stop and wait until it has."""
    try:
        lock = (home / "supervisor.pid").open("r+")
    except FileNotFoundError:
        print("nothing runs")
        return 0
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.kill(int(lock.read()), signal.SIGTERM)
            fcntl.flock(lock, fcntl.LOCK_EX)
            print("stopped")
            return 0
    print("nothing runs")
    return 0


def _run(home: Path, args: list[str]) -> int:
    path = home / "secrets" / "environment.json"
    if not path.exists():
        raise StartFailed(f"no system has been started under {home}")
    os.environ.update(json.loads(path.read_text(encoding="utf-8")))
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, *args])  # noqa: S606


def main(words: list[str]) -> int:
    """Entry point."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    given = _parse(words)
    try:
        if given.command == "stop":
            return _stop(given.home)
        if given.command == "run":
            return _run(given.home, given.args)
        return _serve(given)
    except (StartFailed, PostgresBusy, PostgresFailed, ClusterFailed) as failure:
        sys.stderr.write(f"{failure}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
