"""Command line 命令行: `python -m runtime.cli COMMAND`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from config.settings import ROOT, Settings, SettingsFault, load_settings
from runtime.books import count_at, report
from runtime.bootstrap import build
from runtime.cli.centre import COMMANDS as CENTRE_COMMANDS
from runtime.cli.centre import add_arguments as add_centre_arguments
from runtime.cli.closing import COMMANDS as CLOSING_COMMANDS
from runtime.cli.contributions import COMMANDS as CONTRIBUTION_COMMANDS
from runtime.cli.contributions import add_arguments as add_contribution_arguments
from runtime.cli.interest import COMMANDS as INTEREST_COMMANDS
from runtime.cli.interest import add_arguments as add_interest_arguments
from runtime.cli.members import import_members, read_demo, read_json
from runtime.cli.notices import COMMANDS as NOTICE_COMMANDS
from runtime.cli.notices import add_arguments as add_notice_arguments
from runtime.cli.staff import COMMANDS as STAFF_COMMANDS
from runtime.cli.staff import add_arguments as add_staff_arguments
from runtime.cli.staff import seed_demo_staff
from runtime.cli.wechat import COMMANDS as WECHAT_COMMANDS
from runtime.cli.wechat import add_arguments as add_wechat_arguments
from runtime.key_ring import check_keys, read_ring
from runtime.migrations import migrate, write_migration
from runtime.retention import report as retention_report
from services.core.db import make_engine, make_sessions, transaction
from services.policies.service import seed_policies


def _owner_url(settings: Settings) -> str:
    return settings.database_owner_url.get_secret_value() or settings.database_url.get_secret_value()


def run_migrate(settings: Settings, options: argparse.Namespace) -> int:
    """Bring the database to this version, with the policy figures."""
    migrate(_owner_url(settings))
    sessions = make_sessions(make_engine(settings.database_url.get_secret_value(), pool_size=1))
    with transaction(sessions) as session:
        seed_policies(session, ROOT / "config" / "policies")
        check_keys(session, read_ring(settings), note=True)
    return 0


def run_make_migration(settings: Settings, options: argparse.Namespace) -> int:
    """Write a migration for what changed in the tables."""
    write_migration(_owner_url(settings), options.message, options.number)
    return 0


def run_seed_demo(settings: Settings, options: argparse.Namespace) -> int:
    """Open the demo members' accounts, with the figures a demo needs; those that exist stay as they are."""
    if settings.env == "production":
        raise SettingsFault("demo members are for development only")
    product = build(settings)
    with transaction(product.sessions) as session:
        seed_policies(session, ROOT / "config" / "demo" / "figures")
    opened = import_members(product, read_demo(ROOT / "config" / "demo" / "members.toml"))
    print(f"demo members: {opened} new; demo staff: {seed_demo_staff(product)} new")
    return 0


def run_import_members(settings: Settings, options: argparse.Namespace) -> int:
    """Open accounts from a JSON file, as a centre takes over its records."""
    opened = import_members(build(settings), read_json(options.file))
    print(json.dumps({"opened": opened}))
    return 0


def run_invariants(settings: Settings, options: argparse.Namespace) -> int:
    """Print every invariant with its violations; fail when there is one."""
    return report(count_at(settings.database_url.get_secret_value()))


def run_retention(settings: Settings, options: argparse.Namespace) -> int:
    """Print the last proof of every retention category; fail when one is overdue."""
    product = build(settings)
    with transaction(product.sessions) as session:
        lines, well = retention_report(session, product.clock.now())
    print("\n".join(lines))
    return 0 if well else 1


COMMANDS = {
    "migrate": run_migrate,
    "make-migration": run_make_migration,
    "seed-demo": run_seed_demo,
    "import-members": run_import_members,
    "invariants": run_invariants,
    "retention": run_retention,
    **CENTRE_COMMANDS,
    **CLOSING_COMMANDS,
    **CONTRIBUTION_COMMANDS,
    **INTEREST_COMMANDS,
    **NOTICE_COMMANDS,
    **STAFF_COMMANDS,
    **WECHAT_COMMANDS,
}


def main() -> int:
    """Parse and run."""
    parser = argparse.ArgumentParser(prog="runtime.cli")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.__doc__)
        add_centre_arguments(name, sub)
        add_contribution_arguments(name, sub)
        add_interest_arguments(name, sub)
        add_notice_arguments(name, sub)
        add_staff_arguments(name, sub)
        add_wechat_arguments(name, sub)
        if name == "import-members":
            sub.add_argument("--file", type=Path, required=True)
        if name == "make-migration":
            sub.add_argument("number")
            sub.add_argument("message")
    options = parser.parse_args()
    try:
        return COMMANDS[options.command](load_settings(), options)
    except SettingsFault as fault:
        print(fault, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
