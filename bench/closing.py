"""Closing 年度结息: interest of a year for every account, against one bare statement. `make bench-closing`.

A database is filled with accounts and a year of postings and copied for each turn, so that all begin with the same
rows. The floor writes the rows that the product writes, receipts, journals, postings and balances, in one statement;
the product does so in sets, with locks, audit and a mark of how far it has come. Growth is the processor time that
PostgreSQL spends on one account among many, against one among few. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import text

from bench.closing_books import fill
from bench.server_cpu import cpu_s
from config.logging import configure
from config.settings import ROOT
from runtime.cli.invariants import count_violations
from runtime.embedded_pg import EmbeddedPostgres, Urls, plain
from runtime.migrations import migrate
from services.accounts.models import InterestRun
from services.closing.annual_interest import ENTRIES, RECEIPTS, AnnualInterest, entry_texts
from services.core.clock import SHANGHAI, FixedClock
from services.core.db import Sessions, make_engine, make_sessions, transaction
from services.core.pii import scrub
from services.policies.service import PolicyBook, seed_policies

ON = date(2027, 6, 30)
NOW = datetime(2027, 7, 1, 2, tzinfo=SHANGHAI)
ACCOUNTS, FEW, MANY, ROUNDS = 371_800, 100_000, 1_000_000, 3
_BARE = (
    "WITH receipt AS ("
    + RECEIPTS.format(accounts="true")
    + """
    RETURNING *
), entry AS MATERIALIZED (
    SELECT given.*, new_key() AS journal_id FROM ("""
    + ENTRIES.format(accounts="true").replace("FROM interest_receipt r", "FROM receipt r")
    + """) AS given
), journals AS (
    INSERT INTO journal (account_id, journal_id, business_ref, kind, summary, accounting_on, created_at)
    SELECT account_id, journal_id, business_ref, kind, summary, :settled_on, :posted_at FROM entry
), lines AS (
    INSERT INTO posting (account_id, journal_id, line_no, gl_code, fen)
    SELECT account_id, journal_id, line_no, gl_code, line.fen FROM entry
    CROSS JOIN LATERAL (VALUES (1, debit_code, fen), (2, credit_code, -fen)) AS line (line_no, gl_code, fen)
)
UPDATE member_balance b SET balance_fen = b.balance_fen + r.interest_fen FROM receipt r
WHERE r.account_id = b.account_id AND r.interest_fen > 0
"""
)
"""The product's own sums without sets, locks, audit and marks."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one way of settling a year took."""

    seconds: float
    cpu_s: float
    rows: int


class Books:
    """A server with filled databases to copy from."""

    def __init__(self, folder: Path) -> None:
        self._server = EmbeddedPostgres(folder, durable=True)
        self._urls = self._server.start()
        self._number = 0

    def stop(self) -> None:
        """Away with it."""
        self._server.destroy()

    def filled(self, accounts: int) -> str:
        """A migrated database with so many accounts; its name."""
        name = f"books_{accounts}"
        self._admin("CREATE DATABASE {} OWNER anju_owner", name)
        urls = self._urls.for_database(name)
        migrate(urls.owner)
        sessions = _sessions(urls)
        with transaction(sessions) as session:
            seed_policies(session, ROOT / "config" / "policies")
        sessions.kw["bind"].dispose()
        fill(plain(urls.superuser), accounts)
        return name

    @contextmanager
    def copied(self, name: str) -> Iterator[Urls]:
        """A copy to spend."""
        self._number += 1
        copy = f"copy_{self._number}"
        self._admin("CREATE DATABASE {} OWNER anju_owner TEMPLATE {} STRATEGY file_copy", copy, name)
        self._admin("CHECKPOINT")
        try:
            yield self._urls.for_database(copy)
        finally:
            self._admin("DROP DATABASE {} WITH (FORCE)", copy)

    def timed(self, settle: Callable[[Sessions], None], urls: Urls) -> Turn:
        """Run one way of settling over a copy."""
        sessions, postmaster = _sessions(urls), self._server.pid
        assert postmaster is not None
        with transaction(sessions) as session:  # the connection is not part of it
            session.execute(text("SELECT 1"))
        begun, spent = time.monotonic(), cpu_s(postmaster)
        settle(sessions)
        seconds, spent = time.monotonic() - begun, cpu_s(postmaster) - spent
        with transaction(sessions) as session:
            rows = session.scalar(text("SELECT count(*) FROM interest_receipt")) or 0
        sessions.kw["bind"].dispose()
        return Turn(seconds, spent, rows)

    def _admin(self, statement: str, *names: str) -> None:
        url = plain(self._urls.for_database("postgres").superuser)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _sessions(urls: Urls) -> Sessions:
    return make_sessions(make_engine(urls.app, pool_size=1))


def product(sessions: Sessions) -> None:
    """The yearly run as it is."""
    AnnualInterest(sessions, FixedClock(NOW), PolicyBook()).run(ON)


def bare(sessions: Sessions) -> None:
    """The same rows by one statement."""
    run = InterestRun(settled_on=ON, day_basis=360)
    with transaction(sessions) as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        values = AnnualInterest(sessions, FixedClock(NOW), PolicyBook()).values(session, run, NOW)
        session.execute(text(_BARE), {**values, **entry_texts(ON)})


def turns(books: Books, name: str, rounds: int, say: Callable[[str], None]) -> list[tuple[Turn, Turn]]:
    """Bare and product in turn, over copies of one database."""
    found = []
    for number in range(rounds):
        pair = []
        for way in (bare, product) if number % 2 == 0 else (product, bare):
            with books.copied(name) as urls:
                pair.append((way, books.timed(way, urls)))
                if number == 0 and way is product:
                    _check(urls)
        by_way = dict(pair)
        found.append((by_way[bare], by_way[product]))
        say(
            f"round {number + 1}: bare {by_way[bare].seconds:.1f} s, product {by_way[product].seconds:.1f} s,"
            f" {by_way[product].rows} receipts"
        )
    return found


def _check(urls: Urls) -> None:
    broken = {name: count for name, count in count_violations(_sessions(urls)).items() if count}
    assert not broken, broken


def growth(books: Books, few: int, many: int, say: Callable[[str], None]) -> float:
    """Processor time of the database for one account among `many`, over that among `few`."""
    each = []
    for accounts in (few, many):
        name = books.filled(accounts)
        with books.copied(name) as urls:
            turn = books.timed(product, urls)
        each.append(turn.cpu_s / accounts)
        say(f"{accounts} accounts: {turn.cpu_s:.1f} s of processor time, {1e6 * each[-1]:.1f} µs an account")
    return each[1] / each[0]


def main() -> int:
    """Fill, settle both ways, print."""
    parser = argparse.ArgumentParser(prog="bench.closing")
    parser.add_argument("--accounts", type=int, default=ACCOUNTS)
    parser.add_argument("--few", type=int, default=FEW)
    parser.add_argument("--many", type=int, default=MANY)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    args = parser.parse_args()
    configure("WARNING", scrub)

    def say(line: str) -> None:
        print(line, flush=True)

    with tempfile.TemporaryDirectory(prefix="anju-bench-") as folder:
        Path(folder).chmod(0o711)
        books = Books(Path(folder))
        try:
            found = turns(books, books.filled(args.accounts), args.rounds, say)
            grown = growth(books, args.few, args.many, say)
        finally:
            books.stop()
    ratio = statistics.median(product.seconds / bare.seconds for bare, product in found)
    print(
        json.dumps(
            {
                "interest": {"accounts": args.accounts, "time_ratio": round(ratio, 3)},
                "growth": {"cost_per_account_ratio": round(grown, 3)},
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
