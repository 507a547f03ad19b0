"""The flow of a deduction, all of it: money taken from a card counts once, or the hold goes back, never both."""

from __future__ import annotations

import pytest

from tests.model.deduction import Deduction
from tests.model.orders import Faults

PLANTED = {
    "a new reference for each retry": (Faults(sends_again=True, new_reference=True), True, "collected twice"),
    "sent again, and the bank does not recognise it": (Faults(sends_again=True), False, "collected twice"),
    "a time-out is taken for a failure": (Faults(timeout_is_failure=True), True, "given up and collected"),
    "not found is taken for a failure": (Faults(not_found_is_failure=True), True, "given up and collected"),
    "after the cut-off an answer from before it is believed": (
        Faults(old_answer_believed=True),
        True,
        "given up and collected",
    ),
    "two people say unpaid before its day is over": (
        Faults(unpaid_too_early=True),
        True,
        "given up and collected",
    ),
    "no reconciliation": (Faults(no_reconciliation=True), True, "stuck: no way leads to an end"),
    "nobody asks about what was accepted": (
        Faults(never_asks_about_accepted=True),
        True,
        "stuck: no way leads to an end",
    ),
}


def test_no_state_is_wrong_none_is_stuck_and_every_edge_is_taken() -> None:
    flow = Deduction()
    found = flow.explored()
    assert found.wrong is None, str(found)
    assert flow.machine.edges.untaken == set()


def test_none_waits_for_people() -> None:
    found = Deduction(people=False).explored()
    assert found.wrong is None, str(found)


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(fault: str) -> None:
    planted, bank_remembers, wrong = PLANTED[fault]
    found = Deduction(planted, bank_remembers=bank_remembers).explored()
    print(f"{fault}: {found}")
    assert found.wrong == wrong
    assert found.trace
