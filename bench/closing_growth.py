"""Growth 规模: what an account costs among few and among many, in processor time of the database.

A million's books are at work for minutes, a hundred thousand's for seconds: too short for what a machine does about
lasting work, writing out on its second processor and making room. So few are settled again and again, as many as the
many in all, one half before and one half after them, since the processors' own speed changes within minutes. All begin
with books that have to be read from the disk, and with memory that need not be fetched from a host first.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from bench import closing_month, closing_year
from bench.centre_host import memory_of_its_own
from bench.closing_month import Month
from bench.closing_server import Books, Way


class Growing:
    """Both works among few accounts and among many."""

    def __init__(self, books: Books, few: int, many: int, employers: int, say: Callable[[str], None]) -> None:
        self._books, self._say, self._counts = books, say, (few, many)
        (self._few, few_month), (self._many, many_month) = (books.filled(n, employers) for n in (few, many))
        self._months: tuple[Month, Month] = few_month, many_month

    def ratio(self) -> float:
        """Processor time of the database for one account among many, over that among few; the worse of the works."""
        few, many = self._counts
        halves = max(1, many // few // 2)
        copies = [self._books.copy(self._few) for _ in range(2 * halves)]
        self._books.drop(self._few)
        interest = self._work("interest", (closing_year.product,) * 2, closing_year.WRITTEN, copies)
        ways = [closing_month.Product(month) for month in self._months]
        posted = self._work("contributions", ways, closing_month.WRITTEN, copies)
        for name in (*copies, self._many):
            self._books.drop(name)
        return max(interest, posted)

    def _work(self, what: str, ways: Sequence[Way], written: str, copies: list[str]) -> float:
        (few, many), half = self._counts, len(copies) // 2
        turns = ((ways[0], copies[:half], few), (ways[1], [self._many], many), (ways[0], copies[half:], few))
        before, among_many, after = (self._each(what, written, *turn) for turn in turns)
        return among_many / statistics.mean((before, after))

    def _each(self, what: str, written: str, way: Way, names: list[str], accounts: int) -> float:
        """Seconds of processor time an account, of books one after another."""
        self._books.start_cold()
        with memory_of_its_own():
            turns = [self._books.timed(way, self._books.urls(name), written) for name in names]
        each = sum(turn.cpu_s for turn in turns) / sum(turn.rows for turn in turns)
        self._say(f"{len(names)} × {accounts} accounts: {what} {1e6 * each:.1f} µs of processor time an account")
        return each
