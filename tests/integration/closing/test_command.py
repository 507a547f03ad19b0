"""The command that settles the year."""

from __future__ import annotations

import argparse
import json
from datetime import date, datetime

import pytest

from runtime.cli.interest import run_annual_interest
from services.core.clock import SHANGHAI
from tests.support.domain.world import World


def run(world: World, monkeypatch: pytest.MonkeyPatch, on: date | None = None) -> int:
    """The command over the world's product."""
    monkeypatch.setattr("runtime.cli.interest.build", lambda _settings: world.product)
    return run_annual_interest(world.product.settings, argparse.Namespace(on=on))


def test_before_the_first_settlement_there_is_nothing_to_do(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(world, monkeypatch) == 0
    assert json.loads(capsys.readouterr().out) == {"settled_on": None}


def test_it_settles_the_last_year_once(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    member = world.member()
    world.clock.move(datetime(2027, 7, 1, 2, tzinfo=SHANGHAI) - world.clock.now())
    for _ in range(2):
        assert run(world, monkeypatch) == 0
        told = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert told == {"settled_on": "2027-06-30", "accounts": 1, "interest_fen": 83_125}
    assert world.balance(member) == (5_683_125, 0)


def test_a_day_that_is_not_over_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(world, monkeypatch, date(2027, 6, 30)) == 1
