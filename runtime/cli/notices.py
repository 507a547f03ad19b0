"""Notices 通知: policy news to every member who wants it, as an operator sends it."""

from __future__ import annotations

import argparse
import json
from uuid import UUID

from config.settings import Settings, SettingsFault
from runtime.bootstrap import Product, build
from services.core.clock import shanghai_day
from services.core.db import transaction
from services.core.errors import DomainError
from services.notices.circulars import readers, tell_some, write_circular


def add_arguments(name: str, sub: argparse.ArgumentParser) -> None:
    """Arguments of the commands about notices."""
    if name not in COMMANDS:
        return
    sub.add_argument("--title", help="20 characters at most, on one line")
    sub.add_argument("--text", help="200 characters at most; no link")
    sub.add_argument("--go-on", metavar="ID", help="go on with one that was begun")
    sub.add_argument(
        "--most", type=int, help="members to tell in this run; never more than the policy's figure"
    )
    sub.add_argument(
        "--send", action="store_true", help="really send; without it only say what would be done"
    )


def run_news(settings: Settings, options: argparse.Namespace) -> int:
    """Policy news to every member who wants it: a dry run unless --send; a long one goes on with --go-on ID."""
    product = build(settings)
    try:
        said = _send(product, options) if options.send else _try(product, options)
    except DomainError as fault:
        raise SettingsFault(fault.detail) from None
    print(json.dumps(said, ensure_ascii=False))
    return 0


def _try(product: Product, options: argparse.Namespace) -> dict[str, object]:
    with transaction(product.sessions) as session:
        if options.title or options.text:
            write_circular(session, product.clock, options.title or "", options.text or "")
        found = {"would_tell": min(readers(session), _most(product, options)), "readers": readers(session)}
        session.rollback()
    return {"dry_run": True, **found}


def _send(product: Product, options: argparse.Namespace) -> dict[str, object]:
    if options.go_on:
        circular_id = UUID(options.go_on)
    else:
        with transaction(product.sessions) as session:
            circular_id = write_circular(session, product.clock, options.title or "", options.text or "")
    done = tell_some(product.sessions, product.clock, circular_id, _most(product, options))
    return {"circular": str(done.circular_id), "told": done.told, "finished": done.finished}


def _most(product: Product, options: argparse.Namespace) -> int:
    with transaction(product.sessions) as session:
        policy = product.policies.on(session, shanghai_day(product.clock.now()))
        limit = policy.integer("notice.circular_most_per_run")
    return limit if options.most is None else max(1, min(options.most, limit))


COMMANDS = {"notices-news": run_news}
