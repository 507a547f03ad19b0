"""State tables: exactly the edges of the design, and nothing else."""

from __future__ import annotations

from itertools import product

import pytest

from runtime.cli import docs
from services.applications.models import _LIVE_MONEY
from services.core.states import Edge, IllegalTransition, StateTable
from services.face.states import FACE_STATES
from services.notices.states import NOTICE_STATES
from services.settlement.states import INSTRUCTION_STATES, OPEN_STATES
from services.withdrawals.states import COUNTED_STATES, UNSENT_STATES, WITHDRAWAL_STATES

BORN = {"notice_intent": {"not_subscribed"}}
"""States rows begin in besides the first one: whoever has no channel is never written to."""
TABLES = [table for _, table in docs.TABLES.values()]

# A withdrawal 提取, written down from the design: (from, to). `accepted` stands between `paying` and `paid`, and what
# was paid can come back 退汇 on a later day. A sum that repays a loan from the fund ends `repaid` without a bank; a run
# of a standing agreement is approved by what was agreed. A sum that the repayment card gives is `collecting` until the
# bank has it: then `repaid`, or `uncollected` for good (docs/adr/0022). What the bank has had nothing of is called back by
# the member's lock, and by nothing else (docs/adr/0024).
WITHDRAWAL_WAYS = {
    ("submitted", "verifying"),
    ("submitted", "in_review"),
    ("submitted", "cancelled"),
    ("verifying", "approved"),
    ("verifying", "in_review"),
    ("verifying", "refused"),
    ("verifying", "expired"),
    ("verifying", "cancelled"),
    ("in_review", "approved"),
    ("in_review", "refused"),
    ("in_review", "cancelled"),
    ("submitted", "approved"),
    ("approved", "repaid"),
    ("approved", "collecting"),
    ("collecting", "repaid"),
    ("collecting", "uncollected"),
    ("approved", "cancelled"),
    ("paying", "cancelled"),
    ("approved", "paying"),
    ("approved", "waiting"),
    ("waiting", "paying"),
    ("waiting", "cancelled"),
    ("paying", "accepted"),
    ("paying", "paid"),
    ("paying", "returned"),
    ("paying", "unknown"),
    ("accepted", "paid"),
    ("accepted", "returned"),
    ("unknown", "accepted"),
    ("unknown", "paid"),
    ("unknown", "returned"),
    ("paid", "returned"),
}


def ways(table: StateTable) -> set[tuple[str, str]]:
    """Pairs of states an edge joins."""
    return {(edge.source, edge.target) for edge in table.edges}


def test_a_withdrawal_goes_only_the_ways_of_the_design() -> None:
    assert ways(WITHDRAWAL_STATES) == WITHDRAWAL_WAYS


def test_a_payment_is_sent_again_only_when_it_certainly_did_not_go() -> None:
    """An instruction whose fate is unknown is never sent anew: the one way back to `ready` is `not_sent`."""
    back = {(edge.source, edge.event) for edge in INSTRUCTION_STATES.edges if edge.target == "ready"}
    assert back == {("sending", "not_sent")}
    sent = {(edge.source, edge.event) for edge in INSTRUCTION_STATES.edges if edge.target == "sending"}
    assert sent == {("ready", "dispatch")}
    assert INSTRUCTION_STATES.terminal == {"rejected", "returned", "cancelled"}


def test_only_the_lock_calls_back_what_was_approved() -> None:
    """The member's own `cancel` ends with the approval, or with the wait after it; the lock has an edge of its own."""
    called_back = {edge.source for edge in WITHDRAWAL_STATES.edges if edge.event == "call_back"}
    assert called_back == UNSENT_STATES == {"approved", "waiting", "paying"}
    given_up = {edge.source for edge in WITHDRAWAL_STATES.edges if edge.event == "cancel"}
    assert given_up == {"submitted", "verifying", "in_review", "waiting"}


def test_a_notice_is_sent_again_only_when_it_certainly_did_not_go() -> None:
    back = {(edge.source, edge.event) for edge in NOTICE_STATES.edges if edge.target == "created"}
    assert back == {("sending", "not_sent")}
    assert not any(edge.source == "uncertain" and edge.target == "sending" for edge in NOTICE_STATES.edges)


def test_a_face_session_is_used_after_it_passed_and_only_then() -> None:
    assert {edge.source for edge in FACE_STATES.edges if edge.target == "consumed"} == {"passed"}
    assert {edge.source for edge in FACE_STATES.edges if edge.target == "passed"} == {"judging"}
    assert FACE_STATES.terminal == {"failed", "expired", "consumed"}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_step_that_is_no_edge_is_refused(table: StateTable) -> None:
    allowed = {(edge.source, edge.event): edge.target for edge in table.edges}
    events = {edge.event for edge in table.edges} | {"", "无此事"}
    refused = 0
    for state, event in product([*table.labels, "nowhere"], events):
        if (state, event) in allowed:
            assert table.target(state, event) == allowed[state, event]
            continue
        with pytest.raises(IllegalTransition) as error:
            table.target(state, event)
        assert (error.value.status, error.value.code) == (409, "application.state_changed")
        refused += 1
    assert refused > len(allowed)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_state_can_be_reached_and_left_towards_an_end(table: StateTable) -> None:
    reached = {table.initial} | BORN.get(table.name, set())
    for _ in table.labels:
        reached |= {edge.target for edge in table.edges if edge.source in reached}
    assert reached == set(table.labels)
    ending = set(table.terminal)
    assert ending
    for _ in table.labels:
        ending |= {edge.source for edge in table.edges if edge.target in ending}
    assert ending == set(table.labels)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_drawing_shows_every_edge(table: StateTable) -> None:
    lines = table.diagram().splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert sum("-->" in line for line in lines) == 1 + len(table.edges) + len(table.terminal)


def test_every_state_from_submission_to_payment_counts_against_the_cap() -> None:
    """F5 counts paid and pending; what was refused, cancelled, expired, returned or not collected does not."""
    free = {"refused", "expired", "cancelled", "returned", "uncollected"}
    assert set(COUNTED_STATES) == set(WITHDRAWAL_STATES.labels) - free


def test_one_money_case_in_flight_means_every_state_before_its_end() -> None:
    named = {part.strip(" '") for part in _LIVE_MONEY.partition("(")[2].rstrip(")").split(",")}
    assert named == set(WITHDRAWAL_STATES.labels) - WITHDRAWAL_STATES.terminal - {"paid"}


def test_open_payments_are_those_without_an_end() -> None:
    assert set(OPEN_STATES) == {"ready", "sending", "accepted", "unknown"}


def test_a_faulty_table_stops_the_program() -> None:
    labels = {"a": "甲", "b": "乙"}
    with pytest.raises(ValueError, match="without a label"):
        StateTable("t", "a", labels, [Edge("a", "go", "c", "系统")])
    with pytest.raises(ValueError, match="two edges"):
        StateTable("t", "a", labels, [Edge("a", "go", "b", "系统"), Edge("a", "go", "a", "系统")])
