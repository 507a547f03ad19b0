"""Every fault of the bank's node has one end: one debit at the most, the right journals, the right words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.faults.outcomes import assert_ends
from tests.faults.world import Case, World, until


@dataclass(frozen=True)
class Ordered:
    """A fault and the end that is right."""

    kind: str
    end: str
    params: dict[str, Any] = field(default_factory=dict)
    after_cutoff: bool = False

    def __str__(self) -> str:
        return "-".join([self.kind, *map(str, self.params.values())])


FAULTS = (
    Ordered("no_answer", "paid"),
    Ordered("half_frame", "paid"),
    Ordered("garbage_answer", "paid", {"form": "payload"}),
    Ordered("garbage_answer", "paid", {"form": "head"}),
    Ordered("drop_connection_after", "paid"),
    Ordered("slow_answer", "paid", {"seconds": 1}),
    Ordered("slow_answer", "paid", {"seconds": 4}),
    Ordered("late_record", "paid", {"seconds": 4}),
    Ordered("pending", "paid", {"seconds": 4}),
    Ordered("wrong_session_key", "paid"),
    Ordered("duplicate_notice", "paid", {"copies": 3}),
    Ordered("delayed_notice", "paid", {"seconds": 3}),
    Ordered("out_of_order", "paid", {"seconds": 3}),
    Ordered("reject", "returned"),
    Ordered("host_status_error", "returned"),
    Ordered("return_later", "paid, then returned", {"seconds": 2}),
    Ordered("no_answer_not_processed", "returned", after_cutoff=True),
    Ordered("drop_connection_before", "returned", after_cutoff=True),
    Ordered("pending_forever", "returned", after_cutoff=True),
)
BEFORE_CUTOFF = [fault for fault in FAULTS if not fault.after_cutoff]
AFTER_CUTOFF = [fault for fault in FAULTS if fault.after_cutoff]


@pytest.fixture(scope="module")
def cases(world: World) -> dict[str, Case]:
    """A case for each fault, all confirmed at once: they run beside each other, as in a bad hour."""
    made = {str(fault): world.ready() for fault in FAULTS}
    for fault in FAULTS:
        world.order(made[str(fault)], fault.kind, **fault.params)
    for case in made.values():
        world.confirm(case)
    return made


@pytest.mark.parametrize("fault", AFTER_CUTOFF, ids=str)
def test_what_the_bank_never_said_is_unknown_while_its_day_is_open(
    world: World, cases: dict[str, Case], fault: Ordered
) -> None:
    case = cases[str(fault)]
    until(lambda: world.state(case) == "unknown", 20, f"{fault} becomes unknown")
    assert world.balance(case.member)[1] > 0, "the hold stays while nobody knows"
    assert world.bank(case)["debits"] == 0


@pytest.mark.parametrize("fault", BEFORE_CUTOFF, ids=str)
def test_fault_of_the_node(world: World, cases: dict[str, Case], fault: Ordered) -> None:
    assert_ends(world, cases[str(fault)], fault.end)


def test_node_down(world: World) -> None:
    """Nothing left our side, so the payment goes out when the node is back."""
    case = world.ready()
    world.sandbox.post("/control/settlement/faults", {"kind": "node_down", "seconds": 3})
    world.confirm(case)
    assert_ends(world, case, "paid")


@pytest.fixture(scope="module")
def closed_day(world: World, cases: dict[str, Case]) -> None:
    """The bank closes its day."""
    for fault in AFTER_CUTOFF:
        until(lambda fault=fault: world.state(cases[str(fault)]) == "unknown", 20, str(fault))
    world.cut_off()


@pytest.mark.usefixtures("closed_day")
@pytest.mark.parametrize("fault", AFTER_CUTOFF, ids=str)
def test_after_cutoff_what_is_not_on_the_statement_goes_back(
    world: World, cases: dict[str, Case], fault: Ordered
) -> None:
    assert_ends(world, cases[str(fault)], fault.end, timeout_s=90)


@pytest.mark.usefixtures("closed_day")
def test_the_next_bank_day_pays_as_ever(world: World) -> None:
    case = world.ready()
    world.confirm(case)
    assert_ends(world, case, "paid")


@pytest.mark.usefixtures("closed_day")
def test_lost_notice_is_found_on_the_statement(world: World, lost_notice: Case) -> None:
    """A minute without notice, and the bank's day closed meanwhile: the statement of that day tells."""
    assert_ends(world, lost_notice, "paid", timeout_s=90)
