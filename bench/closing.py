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
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url, text

from bench.centre_host import database_settings, huge_pages
from bench.closing_books import fill
from bench.closing_kills import killed_again_and_again
from bench.closing_month import Month, file_all, prepare
from bench.closing_month import Product as MonthProduct
from bench.closing_month import bare as bare_month
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
ACCOUNTS, FEW, MANY, ROUNDS, EMPLOYERS = 371_800, 100_000, 1_000_000, 3, 20
Way = Callable[[Sessions], None]
Say = Callable[[str], None]
RECEIPTS_WRITTEN = "SELECT count(*) FROM interest_receipt"
MONTH_WRITTEN = "SELECT count(*) FROM contribution WHERE batch_id IS NOT NULL"
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
    """Of the database, until what was written is in its files."""
    client_s: float
    """Of this process: reading files, and waiting for nobody."""
    rows: int


class Books:
    """A server with filled databases to copy from."""

    def __init__(self, folder: Path) -> None:
        self._server = EmbeddedPostgres(folder, durable=True, host=database_settings())
        self._urls = self._server.start()
        self._number = 0

    def stop(self) -> None:
        """Away with it."""
        self._server.destroy()

    def filled(self, accounts: int, employers: int) -> tuple[str, Month]:
        """A migrated database with so many accounts; its name, and the files of its employers."""
        name = f"books_{accounts}"
        self._admin("CREATE DATABASE {} OWNER anju_owner", name)
        urls = self._urls.for_database(name)
        migrate(urls.owner)
        sessions = _sessions(urls)
        with transaction(sessions) as session:
            seed_policies(session, ROOT / "config" / "policies")
        fill(plain(urls.superuser), accounts, employers)
        month = prepare(plain(urls.superuser), sessions, employers)
        sessions.kw["bind"].dispose()
        return name, month

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

    def as_they_are(self, name: str) -> Urls:
        """A filled database itself, to spend; written out, and nothing of it in the server's own memory, as of a copy."""
        self._admin("CHECKPOINT")
        self._server.stop()
        self._urls = self._server.start()
        return self._urls.for_database(name)

    def timed(self, settle: Way, urls: Urls, count: str) -> Turn:
        """Run one way of settling over a copy; `count` says how many rows it has written.

        What is still to be written out afterwards costs processor time of it, and none of its seconds: few books leave
        all of it, many only the last.
        """
        sessions, postmaster = _sessions(urls), self._server.pid
        assert postmaster is not None
        with transaction(sessions) as session:  # the connection is not part of it
            session.execute(text("SELECT 1"))
        begun, spent, own = time.monotonic(), cpu_s(postmaster), time.process_time()
        settle(sessions)
        own = time.process_time() - own
        seconds = time.monotonic() - begun
        self._admin("CHECKPOINT")
        spent = cpu_s(postmaster) - spent
        with transaction(sessions) as session:
            rows = session.scalar(text(count)) or 0
        sessions.kw["bind"].dispose()
        return Turn(seconds, spent, own, rows)

    def drop(self, name: str) -> None:
        """Make room."""
        self._admin("DROP DATABASE {} WITH (FORCE)", name)

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
    broken = {name: count for name, count in count_violations(_sessions(urls)).items() if count}
    assert not broken, broken


class Growing:
    """Both works among few accounts and among many, in turn: the processors' own speed changes within minutes."""

    def __init__(self, books: Books, few: int, many: int, employers: int, say: Say) -> None:
        self._books, self._say = books, say
        self._few, self._many = ((count, *books.filled(count, employers)) for count in (few, many))

    def ratio(self) -> float:
        """Processor time of the database for one account among many, over that among few just before and after it."""
        count, name, month = self._many
        first = self._among_few()
        interest = self._each(product, name, RECEIPTS_WRITTEN, count, "interest")
        between = self._among_few()
        posted = self._each(MonthProduct(month), name, MONTH_WRITTEN, count, "contributions")
        last = self._among_few()
        worse = max(
            interest / statistics.mean((first[0], between[0])), posted / statistics.mean((between[1], last[1]))
        )
        for _, name, _ in (self._few, self._many):
            self._books.drop(name)
        return worse

    def _among_few(self) -> tuple[float, float]:
        """June's interest, then July's contributions, of a copy."""
        count, name, month = self._few
        with self._books.copied(name) as urls:
            copy = make_url(urls.app).database
            assert copy is not None
            interest = self._each(product, copy, RECEIPTS_WRITTEN, count, "interest")
            return interest, self._each(MonthProduct(month), copy, MONTH_WRITTEN, count, "contributions")

    def _each(self, way: Way, name: str, count: str, accounts: int, what: str) -> float:
        """Seconds of processor time an account. A copy of a million's books beside them would not stay in memory."""
        each = self._books.timed(way, self._books.as_they_are(name), count).cpu_s / accounts
        self._say(f"{accounts} accounts: {what} {1e6 * each:.1f} µs of processor time an account")
        return each


def kills(books: Books, name: str, month: Month, accounts: int, say: Say) -> None:
    """Both works by a process that is killed in the middle; the invariants hold afterwards."""
    for what in ("interest", "contributions"):
        with books.copied(name) as urls:
            sessions = _sessions(urls)
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
            interest = turns(books, name, bare, product, RECEIPTS_WRITTEN, args.rounds, say)
            ours = MonthProduct(month)
            months = turns(books, name, bare_month, ours, MONTH_WRITTEN, args.rounds, say)
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
