"""The service under random lives agrees with the reference; with one guard switched off it does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from app.http import idempotency
from services.core.sql import Statement
from services.settlement.jobs import SettlementJobs
from services.settlement.service import Settlement
from services.withdrawals import service as withdrawals
from tests.properties.machine import Payments
from tests.support.domain.world import World

_CALM: dict[str, Any] = {
    "deadline": None,
    "database": None,
    "derandomize": True,
    "suppress_health_check": list(HealthCheck),
}
FAST = settings(max_examples=2, stateful_step_count=12, phases=[Phase.generate], **_CALM)
LARGE = settings(max_examples=300, stateful_step_count=40, **_CALM)
SEARCH = settings(max_examples=150, stateful_step_count=30, phases=[Phase.generate], **_CALM)


def live(world: World, how: settings) -> None:
    """Run random lives in this world."""
    machine = type("Payments", (Payments,), {"world": world, "views_each_step": how is LARGE})
    run_state_machine_as_test(machine, settings=how)


def test_a_few_random_lives(world: World) -> None:
    live(world, FAST)


@pytest.mark.nightly
def test_many_random_lives(world: World) -> None:
    live(world, LARGE)


# -- guards switched off, one at a time ------------------------------------------------------------------------


def _no_balance_check(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(withdrawals, "_refuse_too_much", lambda *_: None)


def _timeout_is_failure(patch: pytest.MonkeyPatch) -> None:
    def lose(self: Settlement, session: Any, instruction: Any, code: str) -> None:
        self._reject(session, instruction, code, "reject")

    patch.setattr(Settlement, "_lose", lose)


def _not_found_is_failure(patch: pytest.MonkeyPatch) -> None:
    def close(self: SettlementJobs, row: Any, sent_on: date) -> None:
        with self._sessions.begin() as session:
            self._settlement.give_up_after_cutoff(session, row.account_id, row.instruction_id)

    patch.setattr(SettlementJobs, "_close_if_cut_off", close)


def _sent_again(patch: pytest.MonkeyPatch) -> None:
    def lose(self: Settlement, session: Any, instruction: Any, code: str) -> None:
        self._move(instruction, "not_sent")

    patch.setattr(Settlement, "_lose", lose)


def _no_fingerprint(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(idempotency, "_fingerprint", lambda body: b"\0" * 32)


def _key_of_anybody(patch: pytest.MonkeyPatch) -> None:
    wide = (
        "SELECT fingerprint, status, body FROM idempotency_record WHERE operation = :operation AND key = :key"
    )
    patch.setattr(idempotency, "_FIND", Statement(wide))
    patch.setattr(idempotency, "_fingerprint", lambda body: b"\0" * 32)


def _proof_not_consumed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        idempotency, "_replay", lambda stored, fingerprint: idempotency._response(409, {"code": "x"})
    )


GUARDS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "the balance is not checked": _no_balance_check,
    "a time-out is a failure": _timeout_is_failure,
    "not found is a failure": _not_found_is_failure,
    "what may have gone out is sent again": _sent_again,
    "the body is not compared": _no_fingerprint,
    "a key is anybody's": _key_of_anybody,
    "an answer is not repeated": _proof_not_consumed,
}


@pytest.mark.nightly
@pytest.mark.parametrize("guard", GUARDS)
def test_without_a_guard_the_difference_is_found(
    world: World, guard: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    GUARDS[guard](monkeypatch)
    with pytest.raises((AssertionError, ExceptionGroup)):
        live(world, SEARCH)
