"""The states of a transfer: where each may go, and that money is never called back by the member."""

from __future__ import annotations

import pytest

from services.core.states import IllegalTransition
from services.transfers.queries import _back_from
from services.transfers.states import ASKING, TRANSFER_STATES, WITHDRAWABLE

ENDS = {"credited", "refused", "withdrawn"}


def test_three_ends_and_everything_else_is_looked_after() -> None:
    assert TRANSFER_STATES.terminal == ENDS
    assert set(TRANSFER_STATES.labels) == ASKING | ENDS


def test_only_what_has_a_letter_is_credited() -> None:
    """Into `credited` lead the states that know the letter, or learn it in the same step."""
    into = {(edge.source, edge.event) for edge in TRANSFER_STATES.edges if edge.target == "credited"}
    assert into == {("promised", "match"), ("early", "match"), ("differs", "accept")}


def test_money_under_way_is_not_called_back() -> None:
    members = {edge.source for edge in TRANSFER_STATES.edges if edge.actor == "本人"}
    assert members == WITHDRAWABLE == {"ready", "asked"}


@pytest.mark.parametrize("state", sorted(ENDS))
@pytest.mark.parametrize("event", ["letter", "money", "match", "accept", "refuse", "take_back"])
def test_an_end_is_an_end(state: str, event: str) -> None:
    with pytest.raises(IllegalTransition):
        TRANSFER_STATES.target(state, event)


def test_every_state_can_be_reached_and_left() -> None:
    reached, todo = {TRANSFER_STATES.initial}, [TRANSFER_STATES.initial]
    while todo:
        here = todo.pop()
        for edge in TRANSFER_STATES.edges:
            if edge.source == here and edge.target not in reached:
                reached.add(edge.target)
                todo.append(edge.target)
    assert reached == set(TRANSFER_STATES.labels)


def test_six_months_proven_over_a_new_year() -> None:
    months = [f"{month:%Y-%m}" for month in _back_from("2026-02")]
    assert months == ["2026-02", "2026-01", "2025-12", "2025-11", "2025-10", "2025-09"]
