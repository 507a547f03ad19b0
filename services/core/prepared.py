"""Prepared statements 预备语句 without a cursor: what psycopg has prepared is sent by libpq, its values and rows converted as ever.

psycopg decides what is prepared and under which name, and lets go of it; until then, in a pipeline and behind a pooler,
the statement goes by a cursor (docs/adr/0031). The names are psycopg's own affair: a test fails should they move.
"""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import psycopg
from psycopg import generators, pq
from psycopg.abc import PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result

_NAMED = re.compile(r"%\((\w+)\)s|%%")
_IDLE = pq.TransactionStatus.IDLE
_ROWS, _DONE = pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK
Row = Callable[[Any], Any]


class Answer(NamedTuple):
    """What a statement brought back."""

    rows: list[Any]
    rowcount: int


class Line:
    """A connection to send on, with the conversions it has learnt."""

    __slots__ = ("_transformer", "driver")

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self.driver = driver
        self._transformer = Transformer(driver)

    def prepared(self, query: Numbered, values: Mapping[str, Any]) -> Answer | None:
        """Send a prepared statement; None when it is not prepared for values of these types. Raises psycopg.Error."""
        driver, transformer = self.driver, self._transformer
        if driver._pipeline is not None or driver.prepare_threshold is None:
            return None
        sent = transformer.dump_sequence([values[name] for name in query.names], query.formats)
        names = driver._prepared._names
        key = (query.sql, transformer.types or ())
        name = names.get(key)
        if name is None:
            return None
        names.move_to_end(key)
        with driver.lock:
            (result,) = driver.wait(_exchange(driver, name, sent, transformer.formats))
        if result.status == _DONE:
            return Answer([], result.command_tuples or 0)
        if result.status != _ROWS:
            if driver.autocommit:  # no rollback comes after which psycopg would prepare anew what changed underneath
                names.pop(key, None)
            raise error_from_result(result, encoding=driver.pgconn._encoding)
        transformer.set_pgresult(result)
        return Answer(transformer.load_rows(0, result.ntuples, query.row(result)), result.ntuples)


class Numbered:
    """A statement as PostgreSQL wants it: `$1` for the first named value and for each time that name comes again."""

    __slots__ = ("_row", "formats", "names", "sql")

    def __init__(self, query: str) -> None:
        names: dict[str, int] = {}

        def number(found: re.Match[str]) -> str:
            return f"${names.setdefault(found[1], len(names) + 1)}" if found[1] else "%"

        self.sql = _NAMED.sub(number, query).encode()
        self.names = tuple(names)
        self.formats = [PyFormat.AUTO] * len(names)
        self._row: Row | None = None

    def row(self, result: pq.abc.PGresult) -> Row:
        """Makes a row of a tuple of values; a statement's columns never change."""
        if self._row is None:
            fields = [(result.fname(number) or b"").decode() for number in range(result.nfields)]
            made: Any = namedtuple("Row", fields, rename=True)  # type: ignore[misc]
            self._row = made._make
        return self._row


def _exchange(
    driver: psycopg.Connection[Any], name: bytes, values: Any, formats: Any
) -> PQGen[list[pq.abc.PGresult]]:
    if driver.pgconn.transaction_status == _IDLE:
        yield from driver._start_query()
    driver.pgconn.send_query_prepared(name, values, param_formats=formats)
    results: list[pq.abc.PGresult] = yield from generators.execute(driver.pgconn)
    return results
