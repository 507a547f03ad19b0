"""Reading statements 对账单读取: each day's movements fetched once at a time, and only what is new applied."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from sqlalchemy import select

from services.core.db import Sessions, transaction
from services.settlement.models import BankNotice
from services.settlement.movements import change_key
from services.settlement.ports import AccountChange, NodeUnavailable, SettlementNode

_CHUNK = 1000
_PATIENCE_S = 1.0


class StatementReader:
    """Thread-safe. However many payments wait for a statement, it is read once for all of them.

    A second reader waits a moment and is then told that the statement is not to be had just now: what the first
    applies will most likely answer its question too. A closed day's statement is final (docs/adr/0008) and is not fetched again.
    """

    def __init__(self, sessions: Sessions, apply: Callable[[Sequence[AccountChange]], None]) -> None:
        self._sessions = sessions
        self._apply = apply
        self._reading = threading.Lock()
        self._final: set[date] = set()

    def read(self, node: SettlementNode, first: date, last: date) -> None:
        """Apply the movements of every day from `first` to `last`, the bank's own day. Raises NodeUnavailable."""
        if not self._reading.acquire(timeout=_PATIENCE_S):
            raise NodeUnavailable("statement.being_read")
        try:
            for number in range((last - first).days + 1):
                self._read_day(node, first + timedelta(days=number), last)
        finally:
            self._reading.release()

    def forget(self) -> None:
        """Fetch closed days again, too."""
        self._final.clear()

    def _read_day(self, node: SettlementNode, day: date, bank_day: date) -> None:
        if day in self._final:
            return
        for part in self._new_ones(node.statement(day)):
            self._apply(part)
        if day < bank_day:
            self._final.add(day)

    def _new_ones(self, changes: Sequence[AccountChange]) -> Iterator[list[AccountChange]]:
        for start in range(0, len(changes), _CHUNK):
            keyed = {change_key(change): change for change in changes[start : start + _CHUNK]}
            known = select(BankNotice.notice_key).where(BankNotice.notice_key.in_(keyed))
            with transaction(self._sessions) as session:
                for key in session.scalars(known):
                    del keyed[bytes(key)]
            yield list(keyed.values())
