"""Backups 备份 from the command line: `python -m runtime.cli.standing follow | take | restore`."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url

from config.settings import Settings, SettingsFault, load_settings
from runtime.embedded_pg import PostgresFailed
from runtime.standing.backup import Backups, NoBackup
from runtime.standing.programs import CopyFailed, Server


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
    restore.add_argument("--until", type=_instant, required=True, help="2027-01-02T09:30:00+08:00")
    restore.add_argument("--home", type=Path, required=True, help="a new state folder")
    restore.add_argument("--secrets", type=Path, required=True, help="the secrets that were kept apart")
    return parser


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError("an instant needs its zone, as +08:00")
    return instant


def _run(settings: Settings, options: argparse.Namespace) -> int:
    backups = Backups(options.backups.resolve())
    if options.command == "restore":
        server = backups.restore(options.home.resolve(), options.until, secrets=options.secrets)
        server.stop()
        print(f"restored into {options.home}; start it there when the books have been looked at")
        return 0
    server_here = Server.of(settings.home, _port(settings))
    if options.command == "take":
        print(backups.take(server_here))
        return 0
    return backups.follow(server_here, settings.home / "log" / "backup.log").wait()


def _port(settings: Settings) -> int:
    port = make_url(settings.database_url.get_secret_value()).port
    if port is None:
        raise SettingsFault("DATABASE_URL names no port")
    return port


if __name__ == "__main__":
    sys.exit(main())
