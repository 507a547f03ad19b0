"""The link to the bank: it signs off when it is told to stop, and it is the last of ours to stop."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from runtime import bank_link
from runtime.supervisor.system import System
from services.settlement.adapters.bdc.errors import StatementUnavailable


class Node:
    """A node that notes the sign-off, or does not answer."""

    def __init__(self, acts: list[str], fault: Exception | None = None) -> None:
        self.acts, self.fault = acts, fault

    def sign_off(self) -> None:
        self.acts.append("signed off")
        if self.fault is not None:
            raise self.fault


@pytest.mark.parametrize("fault", [None, StatementUnavailable("link.unreachable")])
def test_it_signs_off_after_the_last_notice(monkeypatch: pytest.MonkeyPatch, fault: Exception | None) -> None:
    acts: list[str] = []
    stream = SimpleNamespace(run=lambda on_changes, stop: acts.append("listened"))
    product = SimpleNamespace(
        notice_stream=stream,
        settlement_node=Node(acts, fault),
        settlement_jobs=SimpleNamespace(take_changes=None),
    )
    monkeypatch.setattr(bank_link, "build", lambda settings: product)
    monkeypatch.setattr(bank_link, "load_settings", lambda: SimpleNamespace(log_level="INFO"))
    for name in ("configure", "give_way"):
        monkeypatch.setattr(bank_link, name, lambda *_: None)
    monkeypatch.setattr(bank_link, "check_at_start", lambda _: acts.append("keys compared"))
    monkeypatch.setattr(bank_link.signal, "signal", lambda *_: None)
    with capture_logs() as told:
        bank_link.main()
    assert acts == ["keys compared", "listened", "signed off"]
    assert [one["event"] for one in told] == ["bank.not_signed_off" if fault else "bank.signed_off"]


def test_it_stops_after_whoever_uses_the_key_and_before_the_bank() -> None:
    order: list[str] = []

    class Keeper:
        def __init__(self, name: str) -> None:
            self.child, self.stopped = SimpleNamespace(name=name), False

        def ask_to_stop(self) -> None:
            order.append(f"{self.child.name}?")

        def stop(self) -> None:
            if not self.stopped:
                order.append(self.child.name)
            self.stopped = True

    names = ("sandbox", "web", "staff", "worker", "notices", "face", "bank")
    system: Any = System.__new__(System)
    system._keepers = {name: Keeper(name) for name in names}
    system._stopping = SimpleNamespace(set=lambda: None)
    system._tending, system._postgres = None, SimpleNamespace(stop=lambda: order.append("postgres"))
    system.stop()
    stopped = [one for one in order if not one.endswith("?")]
    assert stopped == ["web", "staff", "worker", "notices", "face", "bank", "sandbox", "postgres"]
