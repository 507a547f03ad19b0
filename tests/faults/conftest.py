"""One running system for all fault tests, and the check that its books are right after each."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.supervisor.ports import Ports
from runtime.supervisor.system import System
from tests.faults.world import Case, World

_BANK_PATIENCE_S = "2"  # how long we wait for the bank; ten seconds in earnest


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """The system and its outside world."""
    os.environ["ANJU_BDC_ANSWER_TIMEOUT_S"] = _BANK_PATIENCE_S
    with tempfile.TemporaryDirectory(prefix="anju-faults-") as folder:
        Path(folder).chmod(0o755)
        system = System(Path(folder), Ports.free())  # durable: a killed database may forget nothing
        try:
            system.start()
            yield World(system)
        finally:
            system.stop()
            del os.environ["ANJU_BDC_ANSWER_TIMEOUT_S"]


@pytest.fixture(scope="session", autouse=True)
def lost_notice(world: World) -> Case:
    """A payment whose notice never comes: begun first of all, since we ask for the statement a minute later."""
    case = world.ready()
    world.order(case, "lost_notice")
    world.confirm(case)
    return case


@pytest.fixture(autouse=True)
def _books_are_right(world: World) -> Iterator[None]:
    yield
    assert world.violations() == {}
    assert world.sandbox.payments("")["doubled"] == []
