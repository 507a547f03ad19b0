"""`make e2e`: the end-to-end tests, then the journeys at both sizes on one system; the last line is a JSON summary.

`-k WORDS` takes some of the journeys; `--journeys-only` leaves the end-to-end tests out; `--hold` only starts the
system and prints what `JOURNEYS_SYSTEM` has to say, so that single journeys can be tried with pytest.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from bench.journeys import running
from bench.journeys.handset import SIZES
from config.settings import ROOT

HERE = Path(__file__).parent
WORKERS = 3


class Tally:
    """Counts how tests ended; a test fails once, whatever part of it did."""

    def __init__(self) -> None:
        self.fates: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Told by each process, through the controller."""
        if report.failed or (report.when == "call" and report.nodeid not in self.fates):
            self.fates[report.nodeid] = report.outcome

    def passed(self) -> int:
        """How many passed."""
        return Counter(self.fates.values())["passed"]


def _journeys(words: str, workers: int) -> Tally:
    tally = Tally()
    arguments = ["-q", "-p", "no:cacheprovider", "--import-mode=importlib", str(HERE)]
    arguments += ["-n", str(workers), "--dist", "worksteal"] if workers > 1 else []
    arguments += ["-k", words] if words else []
    with tempfile.TemporaryDirectory(prefix="anju-journeys-") as folder, running.started(Path(folder)) as told:
        os.environ[running.PLACE] = told
        pytest.main(arguments, plugins=[tally])
    return tally


def _end_to_end() -> tuple[int, int]:
    """The tests that `make test` runs too, as (tests, passed)."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/e2e", "--junitxml"]
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        subprocess.run([*command, report.name], cwd=ROOT, stdin=subprocess.DEVNULL, check=False)
        suite = _suite(report.name)
    return suite["tests"], suite["tests"] - suite["failures"] - suite["errors"] - suite["skipped"]


def _suite(path: str) -> dict[str, int]:
    head = Path(path).read_text(encoding="utf-8").partition("<testsuite ")[2].partition(">")[0]
    words = dict(word.split("=", 1) for word in head.split() if "=" in word)
    return {name: int(words.get(name, '"0"').strip('"')) for name in ("tests", "failures", "errors", "skipped")}


def main() -> int:
    """Run, count, say."""
    parser = argparse.ArgumentParser(prog="bench.journeys")
    parser.add_argument("-k", default="", dest="words")
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--journeys-only", action="store_true")
    parser.add_argument("--hold", action="store_true")
    args = parser.parse_args()
    if args.hold:
        with tempfile.TemporaryDirectory(prefix="anju-journeys-") as folder, running.started(Path(folder)) as told:
            print(told, flush=True)
            sys.stdin.read()
        return 0
    began = time.monotonic()
    tests, good = (0, 0) if args.journeys_only or args.words else _end_to_end()
    tally = _journeys(args.words, args.workers)
    figures = {
        "journeys": len(tally.fates),
        "passed": tally.passed(),
        "sizes": [f"{width}x{height}" for width, height in SIZES],
        "end_to_end_tests": tests,
        "end_to_end_passed": good,
        "seconds": round(time.monotonic() - began),
    }
    print(json.dumps(figures), flush=True)
    whole = tally.fates and figures["journeys"] == figures["passed"] and tests == good
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
