"""Backups 备份 from the command line: `python -m runtime.cli.standing follow | take | restore | go-on`."""

from __future__ import annotations

import argparse
import sys
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import make_url

from config.settings import Settings, SettingsFault, load_settings
from runtime.bootstrap import build
from runtime.embedded_pg import EmbeddedPostgres, PostgresFailed
from runtime.migrations import migrate
from runtime.standing.backup import Backups, NoBackup
from runtime.standing.programs import CopyFailed, Server
from runtime.standing.restored import go_on_from
from services.core.clock import Clock, SystemClock
from services.core.db import Sessions, make_engine, make_sessions, transaction


def main(words: list[str] | None = None) -> int:
    """Carry out one command on the embedded server of the state folder; 1 when it could not."""
    options = _parser().parse_args(words)
    try:
        return _run(load_settings(), options)
    except (SettingsFault, CopyFailed, NoBackup, PostgresFailed, OSError) as fault:
        print(fault, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="runtime.cli.standing")
    commands = parser.add_subparsers(dest="command", required=True)
    follow = commands.add_parser("follow", help="fetch the log of changes as it is written, until ended")
    take = commands.add_parser("take", help="take a base copy and check it")
    restore = commands.add_parser("restore", help="bring up a copy of the database as of an instant, once")
    for command in (follow, take, restore):
        command.add_argument("--backups", type=Path, required=True, help="folder of the copies")
    go_on = commands.add_parser("go-on", help="after a restore by other means: new numbers, and money rests")
    for command in (restore, go_on):
        command.add_argument("--until", type=_instant, required=True, help="2027-01-02T09:30:00+08:00")
        command.add_argument("--through", type=date.fromisoformat, help="the bank's day, where it is ahead")
    restore.add_argument("--home", type=Path, required=True, help="a new state folder")
    restore.add_argument("--secrets", type=Path, required=True, help="the secrets that were kept apart")
    return parser


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError("an instant needs its zone, as +08:00")
    return instant


def _run(settings: Settings, options: argparse.Namespace) -> int:
    if options.command == "go-on":
        product = build(settings)
        return _go_on(product.sessions, product.clock, options)
    backups = Backups(options.backups.resolve())
    if options.command == "restore":
        server = backups.restore(options.home.resolve(), options.until, secrets=options.secrets)
        try:
            return _restored(server, options)
        finally:
            server.stop()
    server_here = Server.of(settings.home, _port(settings))
    if options.command == "take":
        print(backups.take(server_here))
        return 0
    return backups.follow(server_here, settings.home / "log" / "backup.log").wait()


def _restored(server: EmbeddedPostgres, options: argparse.Namespace) -> int:
    migrate(server.urls.owner)
    _go_on(make_sessions(make_engine(server.urls.app)), SystemClock(), options)
    print(f"restored into {options.home}; start it there when the books have been looked at")
    return 0


def _go_on(sessions: Sessions, clock: Clock, options: argparse.Namespace) -> int:
    with transaction(sessions) as session:
        last_day = go_on_from(session, options.until, clock.now(), options.through)
    print(f"numbers go on beyond those used since; money rests until {last_day} is closed")
    return 0


def _port(settings: Settings) -> int:
    port = make_url(settings.database_url.get_secret_value()).port
    if port is None:
        raise SettingsFault("DATABASE_URL names no port")
    return port


if __name__ == "__main__":
    sys.exit(main())
