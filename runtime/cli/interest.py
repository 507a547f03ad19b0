"""Annual interest 年度结息 from the command line: `python -m runtime.cli annual-interest`."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date

from config.settings import Settings
from runtime.bootstrap import build
from services.closing.annual_interest import AnnualInterest, TooEarly, due_on
from services.core.clock import shanghai_day
from services.core.db import transaction


def run_annual_interest(settings: Settings, options: argparse.Namespace) -> int:
    """Settle the last 30 June for every account, or go on with it; nobody is paid twice."""
    product = build(settings)
    run = AnnualInterest(product.sessions, product.clock, product.policies)
    settled_on = options.on
    if settled_on is None:
        with transaction(product.sessions) as session:
            today = shanghai_day(product.clock.now())
            settled_on = due_on(today, product.policies.on(session, today))
    if settled_on is None:
        print(json.dumps({"settled_on": None}))
        return 0
    try:
        done = run.run(settled_on)
    except TooEarly as refused:
        print(refused.detail, file=sys.stderr)
        return 1
    told = {
        "settled_on": settled_on.isoformat(),
        "accounts": done.accounts,
        "interest_fen": done.interest_fen,
    }
    print(json.dumps(told))
    return 0


COMMANDS = {"annual-interest": run_annual_interest}


def add_arguments(name: str, parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    if name == "annual-interest":
        parser.add_argument(
            "--on", type=date.fromisoformat, help="the settlement day; else the last that is over"
        )
