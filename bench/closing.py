"""Closing 年度结息与汇缴: a year's interest and a month's contributions, each against one bare statement.

A database is filled with accounts and a year of postings and copied for each turn, so that all begin with the same
rows. The floor writes the rows that the product writes in one statement; the product does so in sets, with locks,
audit and a mark of how far it has come, contributions from the employers' files on. Growth is the processor time that
PostgreSQL spends on one account among many, against one among few, the worse of the two. Both are also done by a
process that is killed again and again. The server has the settings of `deploy/postgresql`, and huge pages where they
can be reserved. The last line is one JSON object. `make bench-closing`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import closing_month, closing_year
from bench.centre_host import huge_pages
from bench.closing_growth import Growing
from bench.closing_kills import killed_again_and_again
from bench.closing_month import Month, file_all
from bench.closing_month import Product as MonthProduct
from bench.closing_server import Books, Turn, Way, sessions_of
from config.logging import configure
from runtime.cli.invariants import count_violations
from runtime.embedded_pg import Urls
from services.core.pii import scrub

ACCOUNTS, FEW, MANY, ROUNDS, EMPLOYERS = 371_800, 100_000, 1_000_000, 3, 20
Say = Callable[[str], None]


def turns(
    books: Books, name: str, floor: Way, ours: Way, count: str, rounds: int, say: Say
) -> list[tuple[Turn, Turn]]:
    """Bare and product in turn, over copies of one database."""
    found = []
    for number in range(rounds):
        pair = {}
        for way in (floor, ours) if number % 2 == 0 else (ours, floor):
            with books.copied(name) as urls:
                pair[way] = books.timed(way, urls, count)
                if number == 0 and way is ours:
                    _check(urls)
        found.append((pair[floor], pair[ours]))
        posting = f" ({ours.posting_s:.1f} s of it posting)" if isinstance(ours, MonthProduct) else ""
        say(
            f"round {number + 1}: bare {pair[floor].seconds:.1f} s, product {pair[ours].seconds:.1f} s{posting},"
            f" processor {pair[floor].cpu_s:.1f} s and {pair[ours].cpu_s:.1f} s of the database,"
            f" {pair[floor].client_s:.1f} s and {pair[ours].client_s:.1f} s here, {pair[ours].rows} rows"
        )
        assert pair[floor].rows == pair[ours].rows
    return found


def _check(urls: Urls) -> None:
    broken = {name: count for name, count in count_violations(sessions_of(urls)).items() if count}
    assert not broken, broken


def kills(books: Books, name: str, month: Month, accounts: int, say: Say) -> None:
    """Both works by a process that is killed in the middle; the invariants hold afterwards."""
    for what in ("interest", "contributions"):
        with books.copied(name) as urls:
            sessions = sessions_of(urls)
            if what == "contributions":
                file_all(sessions, month)
            say(killed_again_and_again(urls.app, sessions, what, accounts))
            sessions.kw["bind"].dispose()
            _check(urls)


def ratio(found: list[tuple[Turn, Turn]]) -> float:
    """Time of the product over that of the floor, the median of the rounds."""
    return round(statistics.median(ours.seconds / floor.seconds for floor, ours in found), 3)


def main() -> int:
    """Fill, settle both ways, print."""
    parser = argparse.ArgumentParser(prog="bench.closing")
    parser.add_argument("--accounts", type=int, default=ACCOUNTS)
    parser.add_argument("--few", type=int, default=FEW)
    parser.add_argument("--many", type=int, default=MANY)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--employers", type=int, default=EMPLOYERS)
    args = parser.parse_args()
    configure("WARNING", scrub)

    def say(line: str) -> None:
        print(line, flush=True)

    with huge_pages() as reserved, tempfile.TemporaryDirectory(prefix="anju-bench-") as folder:
        say(reserved)
        Path(folder).chmod(0o711)
        books = Books(Path(folder))
        try:
            name, month = books.filled(args.accounts, args.employers)
            interest = turns(books, name, closing_year.bare, closing_year.product, closing_year.WRITTEN, args.rounds, say)
            ours = MonthProduct(month)
            months = turns(books, name, closing_month.bare, ours, closing_month.WRITTEN, args.rounds, say)
            kills(books, name, month, args.accounts, say)
            books.drop(name)
            grown = Growing(books, args.few, args.many, args.employers, say).ratio()
        finally:
            books.stop()
    print(
        json.dumps(
            {
                "interest": {"accounts": args.accounts, "time_ratio": ratio(interest)},
                "contributions": {"rows": month.people, "time_ratio": ratio(months)},
                "growth": {"cost_per_account_ratio": round(grown, 3)},
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
