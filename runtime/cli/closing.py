"""The day's end 日终 from the command line: `python -m runtime.cli close-days`, `cut-over`, `check-seals`."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from sqlalchemy import text

from config.settings import Settings
from runtime.bootstrap import build
from services.closing.days import cut_over, open_day, roll, waiting_days
from services.closing.queries import day_facts, sealed_days
from services.closing.steps.seal import check_seal
from services.core.db import transaction


def run_close_days(settings: Settings, _options: argparse.Namespace) -> int:
    """Run the steps of every day that waits; prints one line a day, 1 when one stays open."""
    product = build(settings)
    product.closing.take_up()
    closed = product.closing.run()
    for day in closed:
        print(json.dumps({"day": day.isoformat(), "state": "closed"}))
    with transaction(product.sessions) as session:
        waiting = waiting_days(session)
        for day in waiting:
            steps = day_facts(session, day).steps
            held = {name: step.fault for name, step in steps.items() if step.state != "done"}
            print(json.dumps({"day": day.isoformat(), "state": "closing", "held_by": held}))
    return 1 if waiting else 0


def run_cut_over(settings: Settings, _options: argparse.Namespace) -> int:
    """Cut over to the next business day now, before midnight."""
    product = build(settings)
    now = product.clock.now()
    with transaction(product.sessions) as session:
        roll(session, now)
        session.flush()
        present = open_day(session, lock=True)
        assert present is not None
        following = cut_over(session, present, now)
        told = {"closing": present.day.isoformat(), "open": following.day.isoformat()}
    print(json.dumps(told))
    return 0


def run_check_seals(settings: Settings, _options: argparse.Namespace) -> int:
    """Work the seals of closed days out again; prints one line a day, 1 when one does not stand."""
    product = build(settings)
    with transaction(product.sessions) as session:
        session.execute(text("SET LOCAL statement_timeout = '600s'"))
        found = {day: check_seal(session, day) for day in sealed_days(session)}
    for day, seal in found.items():
        told = {"day": day.isoformat(), **asdict(seal), "stands": seal.stands}
        print(json.dumps(told))
    return 0 if all(seal.stands for seal in found.values()) else 1


COMMANDS = {"close-days": run_close_days, "cut-over": run_cut_over, "check-seals": run_check_seals}
