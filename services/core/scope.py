"""Whose rows 行级范围 the web's transactions may see: a second net, in the database, below each query's own filter.

Role anju_web sees the rows of one account, of everybody where a use case says so, and none when nothing is said
(migration 0022). Workers and staff work under other roles and say nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

SETTING = "anju.scope"
NOBODY, EVERYBODY = "", "all"
_scope: ContextVar[str | None] = ContextVar("anju_scope", default=None)


def scope() -> str | None:
    """What the next transaction says to the database; None outside the member zone."""
    return _scope.get()


def see_nobody() -> None:
    """A request begins: nobody is known yet."""
    _scope.set(NOBODY)


def see_member(account_id: UUID) -> None:
    """From the next transaction on: rows of this member."""
    if _scope.get() is not None:
        _scope.set(str(account_id))


def see_no_more() -> None:
    """The request is over."""
    _scope.set(None)


@contextmanager
def across_members() -> Iterator[None]:
    """Transactions begun inside see everybody: who is signing in, whose message this is. Each place is listed in a test."""
    before = _scope.get()
    if before is not None:
        _scope.set(EVERYBODY)
    try:
        yield
    finally:
        _scope.set(before)


def begin_words() -> bytes:
    """How a transaction begins: the scope goes with BEGIN, so that it costs no way of its own."""
    said = _scope.get()
    if said is None:
        return b"BEGIN"
    if said not in (NOBODY, EVERYBODY):
        said = str(UUID(said))
    return f"BEGIN; SET LOCAL {SETTING} = '{said}'".encode()
