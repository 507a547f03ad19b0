"""Token store 凭证存放: one access token and ticket for all processes, refreshed by one of them at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy import String, Text, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from services.core.db import Base, Instant, Sessions, one_look
from services.core.sql import Statement


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A credential WeChat issued and the instant it ends."""

    value: str = field(repr=False)
    ends_at: datetime


class TokenStore(Protocol):
    """Keeps credentials by name."""

    def get(self, name: str) -> StoredToken | None:
        """The credential kept under a name."""
        ...

    def put(self, name: str, token: StoredToken) -> None:
        """Keep a credential."""
        ...

    def drop(self, name: str, value: str) -> None:
        """Forget a credential, but only while it still is `value`: another process may have renewed it."""
        ...

    def locked(self, name: str) -> AbstractContextManager[None]:
        """Hold off every other process that wants to renew the same credential."""
        ...


class WeChatToken(Base):
    """Row of wechat_token: a credential shared by all processes."""

    __tablename__ = "wechat_token"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    ends_at: Mapped[Instant]


_GET = Statement("SELECT value, ends_at FROM wechat_token WHERE name = :name")


class DatabaseTokenStore:
    """TokenStore in PostgreSQL; the lock is an advisory lock that ends with its transaction."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def get(self, name: str) -> StoredToken | None:
        """The credential kept under a name."""
        with one_look(self._sessions) as session:
            row = _GET.first(session, {"name": name})
        return StoredToken(row.value, row.ends_at) if row else None

    def put(self, name: str, token: StoredToken) -> None:
        """Keep a credential."""
        values = {"value": token.value, "ends_at": token.ends_at}
        statement = insert(WeChatToken).values(name=name, **values)
        with self._sessions.begin() as session:
            session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))

    def drop(self, name: str, value: str) -> None:
        """Forget a credential while it still is `value`."""
        with self._sessions.begin() as session:
            session.execute(delete(WeChatToken).where(WeChatToken.name == name, WeChatToken.value == value))

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Hold the advisory lock of a name."""
        with self._sessions.begin() as session:
            session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"wechat:{name}", 0))))
            yield
