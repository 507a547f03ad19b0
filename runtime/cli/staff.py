"""Staff 工作人员: adding people to the review desk, and what happens to their ways of signing in."""

from __future__ import annotations

import argparse
import getpass
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.orm import Session

from config.settings import ROOT, Settings, SettingsFault
from runtime.bootstrap import Product, build
from services.core.clock import shanghai_day
from services.core.db import transaction
from services.core.errors import DomainError
from services.core.identity import check_id_no
from services.staff.service import (
    NewStaff,
    add_staff,
    disable,
    find_staff,
    present_code,
    rotate_totp,
    set_password,
)

DEMO = ROOT / "config" / "demo" / "staff.toml"


def add_arguments(name: str, sub: argparse.ArgumentParser) -> None:
    """Arguments of the commands about staff."""
    if name not in COMMANDS:
        return
    sub.add_argument("login")
    if name == "add-staff":
        sub.add_argument("--name", required=True, help="as colleagues know them")
        sub.add_argument("--role", action="append", required=True, choices=("reviewer", "approver"))
        sub.add_argument("--id-no", help="their own ID number, needed in production: nobody works on their own case, or is two people")
    if name in ("add-staff", "set-staff-password"):
        sub.add_argument(
            "--password-stdin", action="store_true", help="read the password from standard input"
        )


def run_add_staff(settings: Settings, options: argparse.Namespace) -> int:
    """Add a person to the review desk; prints the address for their authenticator, once."""
    if settings.env == "production" and not options.id_no:
        raise SettingsFault("--id-no is needed: without it somebody could work on their own case, or be two people")
    product, password = build(settings), _password(options)
    now = product.clock.now()
    id_no = check_id_no(options.id_no, today=shanghai_day(now)) if options.id_no else None
    new = NewStaff(options.login, options.name, options.role, password, id_no)
    return _say(product, lambda session: add_staff(session, product.cipher, new, now))


def run_rotate_totp(settings: Settings, options: argparse.Namespace) -> int:
    """Give a person a new authenticator secret, printed once; the old one and their sessions end."""
    product = build(settings)
    now = product.clock.now()
    return _say(product, lambda session: rotate_totp(session, product.cipher, options.login, now))


def run_set_password(settings: Settings, options: argparse.Namespace) -> int:
    """Set a person's password; their sessions end."""
    product, password = build(settings), _password(options)
    now = product.clock.now()
    return _say(product, lambda session: set_password(session, options.login, password, now))


def run_disable(settings: Settings, options: argparse.Namespace) -> int:
    """Shut a person out at once."""
    product = build(settings)
    return _say(product, lambda session: disable(session, options.login, product.clock.now()))


def run_code(settings: Settings, options: argparse.Namespace) -> int:
    """Development only: the present code of a demo person, who has no authenticator."""
    if settings.env == "production":
        raise SettingsFault("codes come from people's own authenticators")
    product = build(settings)
    return _say(
        product, lambda session: present_code(session, product.cipher, options.login, product.clock.now())
    )


def seed_demo_staff(product: Product, path: Path = DEMO) -> int:
    """The demo's staff; those that exist stay as they are. The caller has refused production."""
    added = 0
    for person in tomllib.loads(path.read_text(encoding="utf-8"))["staff"]:
        with transaction(product.sessions) as session:
            if find_staff(session, person["login"]) is not None:
                continue
            new = NewStaff(
                person["login"],
                person["name"],
                person["roles"],
                person["password"],
                demo=True,
                totp_secret=bytes.fromhex(person["totp_secret"]),
            )
            add_staff(session, product.cipher, new, product.clock.now())
            added += 1
    return added


def _password(options: argparse.Namespace) -> str:
    if options.password_stdin:
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("password: ")
    if getpass.getpass("again: ") != first:
        raise SettingsFault("the two passwords differ")
    return first


def _say(product: Product, act: Callable[[Session], str | None]) -> int:
    """Run one change and print what it gives."""
    try:
        with transaction(product.sessions) as session:
            given = act(session)
    except DomainError as fault:
        print(f"{fault.code}: {fault.detail}", file=sys.stderr)
        return 1
    if given:
        print(given)
    return 0


COMMANDS = {
    "add-staff": run_add_staff,
    "rotate-totp": run_rotate_totp,
    "set-staff-password": run_set_password,
    "disable-staff": run_disable,
    "staff-code": run_code,
}
