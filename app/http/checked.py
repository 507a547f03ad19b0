"""Checks before what is done once 先核对: they commit by themselves, before the effect and its stored answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response

from app.http.idempotency import stored_answer
from services.core.errors import DomainError


def answered_or_checked(
    account_id: UUID, operation: str, body: dict[str, Any], check: Callable[[], None]
) -> Response | None:
    """The stored answer; otherwise None once `check`, in transactions of its own, has let the request pass.

    A check may have waited for the same request sent before, and find used up what that one used: a fault of the check
    counts only while there is still no answer.
    """
    answered = stored_answer(account_id, operation, body)
    if answered is not None:
        return answered
    try:
        check()
    except DomainError:
        answered = stored_answer(account_id, operation, body)
        if answered is None:
            raise
    return answered
