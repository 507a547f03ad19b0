"""Figures of the day's end 日终指标: open breaks, days that wait, the open day."""

from __future__ import annotations

from datetime import date

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from app.ports import Ports
from services.closing.queries import standing
from services.core.clock import shanghai_day
from services.core.db import transaction


def closing_figures_text(ports: Ports) -> bytes:
    """Read when asked. The open day is a number YYYYMMDD; alarms: a break, or a day that waits for more than one."""
    registry = CollectorRegistry()
    with transaction(ports.sessions) as session:
        found = standing(session)
    today = shanghai_day(ports.clock.now())
    for name, text, value in (
        ("anju_breaks_open", "Differences between bank and books that nobody has closed", found.open_breaks),
        ("anju_days_waiting", "Business days that are cut over and not closed", found.waiting_days),
        ("anju_oldest_day_waiting_days", "Age of the oldest of them", _age(found.oldest_waiting, today)),
        ("anju_business_day", "The open business day as YYYYMMDD", _number(found.open_day)),
    ):
        Gauge(name, text, registry=registry).set(value)
    return generate_latest(registry)


def _age(day: date | None, today: date) -> int:
    return (today - day).days if day else 0


def _number(day: date | None) -> int:
    return int(f"{day:%Y%m%d}") if day else 0
