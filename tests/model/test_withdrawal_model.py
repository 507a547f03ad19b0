"""The flow of a withdrawal, all of it: no state is wrong or stuck, and each planted fault is found at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.core.states import StateTable
from services.settlement.states import INSTRUCTION_STATES
from services.withdrawals.states import WITHDRAWAL_STATES
from tests.model import withdrawal
from tests.model.orders import Faults
from tests.model.withdrawal import Withdrawal

PLANTED = {
    "a new reference for each retry": (Faults(sends_again=True, new_reference=True), True, "paid twice"),
    "sent again under the same number, and the bank does not recognise it": (
        Faults(sends_again=True),
        False,
        "paid twice",
    ),
    "a time-out is taken for a failure": (Faults(timeout_is_failure=True), True, "reversed and paid"),
    "not found is taken for a failure": (Faults(not_found_is_failure=True), True, "reversed and paid"),
    "given up before the cut-off": (Faults(no_cut_off=True), True, "reversed and paid"),
    "after the cut-off an answer from before it is believed": (
        Faults(old_answer_believed=True),
        True,
        "reversed and paid",
    ),
    "given up without the closed day's statement": (
        Faults(no_statement_before_giving_up=True),
        True,
        "reversed and paid",
    ),
    "a notice told twice is not recognised": (
        Faults(notice_not_deduplicated=True),
        True,
        "booked twice",
    ),
    "an answer is recorded after the notice": (
        Faults(reply_after_notice=True),
        True,
        "a move that the table does not have",
    ),
    "no reconciliation": (Faults(no_reconciliation=True), True, "stuck: no way leads to an end"),
    "closed days are not read, and a return was not told of": (
        Faults(no_day_end=True),
        True,
        "stuck: no way leads to an end",
    ),
    "nobody asks about what was accepted": (
        Faults(never_asks_about_accepted=True),
        True,
        "stuck: no way leads to an end",
    ),
    "two people say unpaid before its day is over": (
        Faults(unpaid_too_early=True),
        True,
        "reversed and paid",
    ),
    "the lock calls back what a worker is sending": (
        Faults(calls_back_unasked=True),
        True,
        "reversed and paid",
    ),
    "the lock calls back what the bank has refused for its date": (
        Faults(calls_back_what_was_on_the_line=True),
        True,
        "reversed and paid",
    ),
}


@pytest.fixture(scope="module")
def sound() -> Iterator[Withdrawal]:
    """The flow as it is, explored."""
    flow = Withdrawal()
    flow.found = flow.explored()  # type: ignore[attr-defined]
    return flow


def test_no_state_is_wrong_and_none_is_stuck(sound: Withdrawal) -> None:
    found = sound.found  # type: ignore[attr-defined]
    assert found.wrong is None, str(found)
    assert len(found.parents) > 1000


def test_none_waits_for_people() -> None:
    """Two people's word is a way out; with a bank that answers none is needed."""
    found = Withdrawal(people=False).explored()
    assert found.wrong is None, str(found)


def test_a_bank_that_recognises_nothing_is_told_everything_once() -> None:
    found = Withdrawal(bank_remembers=False).explored()
    assert found.wrong is None, str(found)


def test_the_model_takes_every_edge_of_the_product_s_tables(sound: Withdrawal) -> None:
    assert sound.payments.edges.untaken == set(), WITHDRAWAL_STATES.name
    assert sound.machine.edges.untaken == set(), INSTRUCTION_STATES.name


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(fault: str) -> None:
    planted, bank_remembers, wrong = PLANTED[fault]
    found = Withdrawal(planted, bank_remembers=bank_remembers).explored()
    print(f"{fault}: {found}")
    assert found.wrong == wrong
    assert found.trace


@pytest.mark.parametrize(
    ("table", "edge"),
    [
        ("WITHDRAWAL_STATES", ("unknown", "bank_rejected")),
        ("INSTRUCTION_STATES", ("accepted", "reject")),
        ("INSTRUCTION_STATES", ("paid", "come_back")),
    ],
)
def test_an_edge_missing_in_the_product_s_table_is_found(
    monkeypatch: pytest.MonkeyPatch, table: str, edge: tuple[str, str]
) -> None:
    """The model's steps go along the product's tables and no other."""
    whole: StateTable = getattr(withdrawal, table)
    kept = [one for one in whole.edges if (one.source, one.event) != edge]
    shorter = StateTable(whole.name, whole.initial, whole.labels, kept)
    monkeypatch.setattr(withdrawal, table, shorter)
    monkeypatch.setattr(withdrawal.Payments, "table", withdrawal.INSTRUCTION_STATES)
    assert Withdrawal().explored().wrong == "a move that the table does not have"
