"""Statements of the hot paths 热路径语句: written once, sent by the driver itself in the session's own transaction.

What SQLAlchemy does between a statement and the driver costs more processor time than the driver does; a withdrawal
sends two dozen of them (docs/adr/0031). Reading for pages stays with the ORM.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.orm.util import identity_key

_LINE = "line"
_DIALECT = PGDialect_psycopg(paramstyle="pyformat")  # type: ignore[no-untyped-call]


class Statement:
    """One SQL statement with `:named` values; those named in `json` are sent as jsonb.

    It sees nothing that waits in the session unflushed, as any `text()`. Raises what SQLAlchemy raises for a fault of
    the database, without values in its words.
    """

    __slots__ = ("_json", "query")

    def __init__(self, sql: str, *, json: tuple[str, ...] = ()) -> None:
        self.query = str(text(sql).compile(dialect=_DIALECT))
        self._json = json

    def run(self, session: Session, values: Mapping[str, Any]) -> int:
        """Send it and say how many rows it touched."""
        with self._sent(session, values) as cursor:
            return cursor.rowcount

    def first(self, session: Session, values: Mapping[str, Any]) -> Any:
        """The first row, its columns as attributes; None when there is none."""
        with self._sent(session, values) as cursor:
            return cursor.fetchone()

    def all(self, session: Session, values: Mapping[str, Any]) -> list[Any]:
        """Every row."""
        with self._sent(session, values) as cursor:
            return cursor.fetchall()

    def values(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The values as the driver takes them."""
        return {**values, **{name: Jsonb(values[name]) for name in self._json}} if self._json else values

    def _sent(self, session: Session, values: Mapping[str, Any]) -> psycopg.Cursor[NamedTuple]:
        connection, driver = _line(session)
        cursor = driver.cursor(row_factory=namedtuple_row)
        try:
            return cursor.execute(self.query, self.values(values))
        except psycopg.Error as fault:
            if driver.closed:
                connection.invalidate(fault)
            raise _wrapped(self.query, fault, lost=driver.closed) from fault


def _line(session: Session) -> tuple[Connection, psycopg.Connection[Any]]:
    """The connection of the session's transaction, looked up once in each and in each savepoint, which begins so."""
    known = session.info.get(_LINE)
    if known is not None and known[0] is _innermost(session) and not known[1].invalidated:
        return known[1], known[2]
    connection = session.connection()
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    session.info[_LINE] = (_innermost(session), connection, driver)
    return connection, driver


def _innermost(session: Session) -> SessionTransaction | None:
    return session.get_nested_transaction() or session.get_transaction()


def forget(session: Session, model: type[Any], key: tuple[Any, ...]) -> None:
    """After a statement that wrote a row: an object of it that the session knows is read anew when next asked for."""
    known = session.identity_map.get(identity_key(model, key))
    if known is not None:
        session.expire(known)


def _wrapped(query: str, fault: psycopg.Error, *, lost: bool) -> DBAPIError:
    wrapped = DBAPIError.instance(
        query, None, fault, psycopg.Error, hide_parameters=True, connection_invalidated=lost, dialect=_DIALECT
    )
    assert isinstance(wrapped, DBAPIError)
    return wrapped
