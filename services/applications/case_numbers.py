"""Case numbers 单号: 2-digit module + YYMMDD + 7 digits; also the payment reference, unique for ever."""

from __future__ import annotations

from datetime import date
from threading import Lock

from sqlalchemy import text

from services.core.db import Sessions, transaction
from services.core.errors import Unavailable

BLOCK = 50
MOST = 9_999_999
_TAKE = text(
    "INSERT INTO case_counter (module, day, next_value) VALUES (:module, :day, 1 + :block)"
    " ON CONFLICT (module, day) DO UPDATE SET next_value = case_counter.next_value + :block"
    " RETURNING next_value - :block"
)


class CaseNumbers:
    """Hands out numbers from blocks taken in transactions of their own; a crash loses a block, never repeats one."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._lock = Lock()
        self._blocks: dict[tuple[str, date], range] = {}

    def next(self, module: str, day: date) -> str:
        """A fresh 15-digit number for `module` on business date `day`; raises Unavailable after the last one."""
        with self._lock:
            block = self._blocks.get((module, day), range(0))
            if not block:
                block = self._take_block(module, day)
            self._blocks = {(module, day): block[1:]} | {
                key: rest for key, rest in self._blocks.items() if key != (module, day) and key[1] == day
            }
        return f"{module}{day:%y%m%d}{block[0]:07d}"

    def _take_block(self, module: str, day: date) -> range:
        with transaction(self._sessions) as session:
            first = session.execute(_TAKE, {"module": module, "day": day, "block": BLOCK}).scalar_one()
        if first > MOST:
            raise Unavailable("今天的业务单号已经用完了，请明天再来办理。", code="case.full_today")
        return range(first, min(first + BLOCK, MOST + 1))
