"""Statements of the hot paths 热路径语句: written once, sent by the driver itself in the session's own transaction.

What SQLAlchemy does between a statement and the driver costs more processor time than the driver does; a withdrawal
sends two dozen of them (docs/adr/0031). Reading for pages stays with the ORM.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.orm.util import identity_key

from services.core.prepared import Answer, Line, Numbered

_LINE = "line"
_DIALECT = PGDialect_psycopg(paramstyle="pyformat")  # type: ignore[no-untyped-call]


class Statement:
    """One SQL statement with `:named` values; those named in `json` are sent as jsonb.

    It sees nothing that waits in the session unflushed, as any `text()`. Raises what SQLAlchemy raises for a fault of
    the database, without values in its words.
    """

    __slots__ = ("_json", "_numbered", "query")

    def __init__(self, sql: str, *, json: tuple[str, ...] = ()) -> None:
        self.query = str(text(sql).compile(dialect=_DIALECT))
        self._numbered = Numbered(self.query)
        self._json = json

    def run(self, session: Session, values: Mapping[str, Any]) -> int:
        """Send it and say how many rows it touched."""
        return self._sent(session, values).rowcount

    def first(self, session: Session, values: Mapping[str, Any]) -> Any:
        """The first row, its columns as attributes; None when there is none."""
        rows = self._sent(session, values).rows
        return rows[0] if rows else None

    def all(self, session: Session, values: Mapping[str, Any]) -> list[Any]:
        """Every row."""
        return self._sent(session, values).rows

    def values(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The values as the driver takes them."""
        return {**values, **{name: Jsonb(values[name]) for name in self._json}} if self._json else values

    def _sent(self, session: Session, values: Mapping[str, Any]) -> Answer:
        connection, line = _line(session)
        given = self.values(values)
        try:
            return line.prepared(self._numbered, given) or self._by_cursor(line.driver, given)
        except psycopg.Error as fault:
            if line.driver.closed:
                connection.invalidate(fault)
            raise _wrapped(self.query, fault, lost=line.driver.closed) from fault

    def _by_cursor(self, driver: psycopg.Connection[Any], values: Mapping[str, Any]) -> Answer:
        with driver.cursor(row_factory=namedtuple_row) as cursor:
            cursor.execute(self.query, values)
            return Answer(cursor.fetchall() if cursor.description else [], cursor.rowcount)


def _line(session: Session) -> tuple[Connection, Line]:
    """The connection of the session's transaction, looked up once in each and in each savepoint, which begins so."""
    known = session.info.get(_LINE)
    if known is not None and known[0] is _innermost(session) and not known[1].invalidated:
        return known[1], known[2]
    connection = session.connection()
    pooled = connection.connection
    line = pooled.info.get(_LINE)
    if line is None or line.driver is not pooled.driver_connection:
        assert isinstance(pooled.driver_connection, psycopg.Connection)
        line = pooled.info[_LINE] = Line(pooled.driver_connection)
    session.info[_LINE] = (_innermost(session), connection, line)
    return connection, line


def _innermost(session: Session) -> SessionTransaction | None:
    return session.get_nested_transaction() or session.get_transaction()


def forget(session: Session, model: type[Any], key: tuple[Any, ...]) -> None:
    """After a statement that wrote a row: an object of it that the session knows is read anew when next asked for."""
    if not session.identity_map:  # as on the hot paths: making the key costs a third of the statement
        return
    known = session.identity_map.get(identity_key(model, key))
    if known is not None:
        session.expire(known)


def _wrapped(query: str, fault: psycopg.Error, *, lost: bool) -> DBAPIError:
    wrapped = DBAPIError.instance(
        query, None, fault, psycopg.Error, hide_parameters=True, connection_invalidated=lost, dialect=_DIALECT
    )
    assert isinstance(wrapped, DBAPIError)
    return wrapped
