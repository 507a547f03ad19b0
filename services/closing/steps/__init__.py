"""Steps of the day's end 日终步骤: each can be run again, and says what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class StepWaits(Exception):
    """Not yet: nothing is wrong, and the next run tries again."""


class StepFailed(Exception):
    """Something does not agree; the text is a code and the result says by how much."""

    def __init__(self, code: str, **result: Any) -> None:
        super().__init__(code)
        self.result = result


Step = Callable[..., dict[str, Any]]
