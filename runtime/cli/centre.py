"""The centre 公告与评价: announcements when the desk is not at hand, and the figures of ratings for a report."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from uuid import UUID

from config.settings import Settings, SettingsFault
from runtime.bootstrap import build
from services.centre.announcements import publish, standing, withdraw
from services.centre.models import Announcement
from services.core.clock import SHANGHAI, shanghai_day, shanghai_iso
from services.core.db import transaction
from services.core.errors import DomainError
from services.ratings.desk import RatingDesk
from services.ratings.levels import LEVELS

OPERATOR = "operator"
SPAN_DAYS = 30


def add_arguments(name: str, sub: argparse.ArgumentParser) -> None:
    """Arguments of the commands about the centre."""
    if name == "announce":
        sub.add_argument("--kind", choices=("outage", "news"), default="outage")
        sub.add_argument("--words", help="6 to 200 characters; without it only list what stands")
        sub.add_argument("--from", dest="from_at", type=_moment, metavar="2026-11-23T22:00")
        sub.add_argument("--until", dest="until_at", type=_moment, metavar="2026-11-24T00:00")
        sub.add_argument("--withdraw", type=UUID, metavar="ID")
    if name == "rating-figures":
        sub.add_argument(
            "--from", dest="from_on", type=date.fromisoformat, help="the first day; else 30 days ago"
        )
        sub.add_argument("--until", dest="until_on", type=date.fromisoformat, help="the last day; else today")


def _moment(text: str) -> datetime:
    """A moment as the centre's clock shows it."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=SHANGHAI)


def run_announce(settings: Settings, options: argparse.Namespace) -> int:
    """Show an announcement on every page from --from until --until, withdraw one, or list what stands."""
    product = build(settings)
    now = product.clock.now()
    try:
        with transaction(product.sessions) as session:
            if options.withdraw:
                withdraw(session, options.withdraw, by=OPERATOR, at=now)
            elif options.words:
                publish(
                    session,
                    kind=options.kind,
                    words=options.words,
                    from_at=options.from_at or now,
                    until_at=options.until_at or now,
                    by=OPERATOR,
                    at=now,
                )
            rows = [_row(row) for row in standing(session, now)]
    except DomainError as fault:
        raise SettingsFault(fault.detail) from None
    print(json.dumps({"announcements": rows}, ensure_ascii=False))
    return 0


def _row(row: Announcement) -> dict[str, str]:
    return {
        "id": str(row.announcement_id),
        "kind": row.kind,
        "words": row.words,
        "from": shanghai_iso(row.from_at),
        "until": shanghai_iso(row.until_at),
    }


def run_rating_figures(settings: Settings, options: argparse.Namespace) -> int:
    """Print how cases were rated in a span of days, and how the bad ratings were answered."""
    product = build(settings)
    until_on = options.until_on or shanghai_day(product.clock.now())
    from_on = options.from_on or until_on - timedelta(days=SPAN_DAYS - 1)
    with transaction(product.sessions) as session:
        desk = RatingDesk(product.cipher, product.clock)
        found = asdict(desk.figures(session, _midnight(from_on), _midnight(until_on + timedelta(days=1))))
    levels = {LEVELS[level]: number for level, number in found.pop("levels").items()}
    span = {"from": from_on.isoformat(), "until": until_on.isoformat()}
    print(json.dumps({**span, "levels": levels, **found}, ensure_ascii=False))
    return 0


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), SHANGHAI)


COMMANDS = {"announce": run_announce, "rating-figures": run_rating_figures}
