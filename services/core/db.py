"""Database 数据库: the declarative base and the one way to open a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from time import monotonic
from typing import Annotated, Any
from uuid import UUID

import psycopg
from psycopg import generators, pq
from psycopg.abc import PQGen
from psycopg.errors import error_from_result
from sqlalchemy import BigInteger, DateTime, Engine, LargeBinary, MetaData, Uuid, create_engine, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from services.core.scope import begin_words, scope

_TRUSTED_S = 0.3
CONNECT_OPTIONS = "-c timezone=UTC -c statement_timeout=5000 -c idle_in_transaction_session_timeout=10000 -c lock_timeout=4000"
SILENCE = {"tcp_user_timeout": 2500, "keepalives_idle": 10, "keepalives_interval": 3, "keepalives_count": 3}
"""When a network that takes nothing any more counts as broken; otherwise a thread waits for a quarter of an hour."""

Fen = Annotated[int, mapped_column(BigInteger)]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Key = Annotated[UUID, mapped_column(Uuid, primary_key=True)]
Json = Annotated[dict[str, Any], mapped_column(JSONB)]
Sealed = Annotated[bytes, mapped_column(LargeBinary)]


class Base(DeclarativeBase):
    """Root of every mapped table; names its constraints so that migrations can."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class ScopedConnection(psycopg.Connection[Any]):
    """Says with BEGIN whose rows the transaction may see. Should psycopg stop asking here, the web sees none."""

    def _start_query(self) -> PQGen[None]:
        """As the base does, with two commands in one message; in a pipeline each is a message of its own."""
        idle = self.pgconn.transaction_status == pq.TransactionStatus.IDLE
        if self._autocommit or not idle or scope() is None:
            return (yield from super()._start_query())
        if self._pipeline:
            for words in begin_words().split(b"; "):
                yield from self._exec_command(words)
            yield from self._pipeline._sync_gen()
            return None
        self.pgconn.send_query(begin_words())
        for result in (yield from generators.execute(self.pgconn)):
            if result.status != pq.ExecStatus.COMMAND_OK:
                raise error_from_result(result, encoding=self.pgconn._encoding)
        return None


def _connect(_dialect: Any, _record: Any, words: Any, options: Any) -> ScopedConnection:
    return ScopedConnection.connect(*words, **options)


def make_engine(
    url: str, *, pool_size: int = 8, pool_wait_s: float = 5, pooler: bool = False
) -> Engine:
    """Engine with bounded waits: 2 s to connect, 5 s a statement, 4 s for a lock, 10 s idle in a transaction.

    Behind a `pooler` that gives a server for each transaction anew nothing may be prepared, and the bounds are the
    roles' own settings (docs/deployment.md).
    """
    own = {"prepare_threshold": None} if pooler else {"prepare_threshold": 1, "options": CONNECT_OPTIONS}
    engine = create_engine(
        url,
        hide_parameters=True,  # the text of an error is logged, and its values are people's
        pool_size=pool_size,
        max_overflow=2,
        pool_timeout=pool_wait_s,
        pool_use_lifo=True,  # the one used last has its statements prepared, and its tables known to the server
        pool_recycle=1800,
        connect_args={
            "connect_timeout": 2,
            "application_name": "anju",
            **own,
            **SILENCE,
        },
    )
    event.listen(engine, "do_connect", _connect)
    _ping_the_idle(engine)
    return engine


def _ping_the_idle(engine: Engine) -> None:
    """Try a connection before use, unless it was used a moment ago: no server dies and is back that soon."""

    def given_back(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["idle_since_s"] = monotonic()

    def taken(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        idle_since_s = record.info.get("idle_since_s")
        if idle_since_s is None or monotonic() - idle_since_s < _TRUSTED_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as fault:
            raise DisconnectionError from fault  # the pool then opens another one

    event.listen(engine, "checkin", given_back)
    event.listen(engine, "checkout", taken)


Sessions = sessionmaker[Session]


def make_sessions(engine: Engine) -> Sessions:
    """Factory for sessions; objects stay readable after commit."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def transaction(sessions: Sessions) -> Iterator[Session]:
    """One transaction: commits when the block returns, rolls back when it raises. Services never commit."""
    with sessions.begin() as session:
        yield session


@contextmanager
def one_look(sessions: Sessions) -> Iterator[Session]:
    """For a single statement that reads what no row security guards: no BEGIN and COMMIT around it, two ways less."""
    with sessions() as session:
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        yield session
