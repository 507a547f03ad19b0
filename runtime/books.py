"""Checking the books 核对: the invariants of the system under a folder, running or not. `make invariants`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from sqlalchemy.exc import OperationalError

from config.settings import ROOT
from runtime.cli.invariants import count_violations
from runtime.supervisor.ports import Ports
from runtime.supervisor.system import System
from services.core.db import make_engine, make_sessions


def report(counts: dict[str, int]) -> int:
    """Print each invariant with its violations, the sum last; 0 when there are none."""
    for name, violations in counts.items():
        sys.stdout.write(f"{violations:>8}  {name}\n")
    total = sum(counts.values())
    sys.stdout.write(json.dumps({"invariants": len(counts), "violations": total}) + "\n")
    return 0 if total == 0 else 1


def count_at(database_url: str) -> dict[str, int]:
    """Violations in one database."""
    return count_violations(make_sessions(make_engine(database_url, pool_size=1)))


def count_in(home: Path) -> dict[str, int]:
    """Violations in the system under `home`; its database is started for the while when it does not run."""
    known = home / "secrets" / "environment.json"
    if known.exists():
        try:
            return count_at(json.loads(known.read_text(encoding="utf-8"))["DATABASE_URL"])
        except OperationalError:
            pass
    system = System(home, Ports.free(), children=())
    system.start(wait=False)
    try:
        return count_at(system.urls.app)
    finally:
        system.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="runtime.books", description=__doc__)
    parser.add_argument("--home", type=Path, default=ROOT / "var", help="state folder")
    sys.exit(report(count_in(parser.parse_args().home)))
