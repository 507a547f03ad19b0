"""kill -9 of each process while withdrawals stand at every step: each ends once, and is told once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.outcomes import assert_ended_once
from tests.faults.world import Case, World, until

VICTIMS = ("worker", "notices", "bank", "web-worker", "postgres", "face")


def before_the_request(world: World) -> Case:
    """Nothing confirmed yet: the confirmation meets the dying process."""
    return world.ready()


def notice_to_come(world: World) -> Case:
    """Accepted by the bank, whose notice takes its time."""
    case = world.ready()
    world.order(case, "delayed_notice", seconds=6)
    world.confirm(case)
    until(lambda: world.state(case) == "accepted", 20, "accepted")
    return case


def notice_being_sent(world: World, kind: str, **args: Any) -> Case:
    """Paid, and the SMS is on its way."""
    case = world.ready()
    world.order_outside("sms", "SendSms", kind, **args)
    world.confirm(case)
    sent = ("settlement_paid", "sms")
    until(lambda: world.intent_states(case).get(sent) in (["sending"], ["uncertain"]), 20, "the SMS goes out")
    return case


def bank_thinks(world: World) -> Case:
    """Sent, and the bank has not answered yet."""
    case = world.ready()
    world.order(case, "slow_answer", seconds=1.8)
    world.order(case, "delayed_notice", seconds=4)
    world.confirm(case)
    until(lambda: world.instruction_state(case) == "sending", 20, "sending")
    return case


def just_confirmed(world: World) -> Case:
    """The member has the answer, and nothing else has happened."""
    case = world.ready()
    world.confirm(case)
    return case


@pytest.mark.parametrize("victim", VICTIMS)
def test_killed_at_every_step(world: World, victim: str) -> None:
    """Withdrawals are brought to each step of the way, and then the process is gone."""
    steps: dict[str, Callable[[World], Case]] = {
        "notice to come": notice_to_come,
        "SMS slow": lambda w: notice_being_sent(w, "slow", seconds=4),
        "bank thinks": bank_thinks,
        "just confirmed": just_confirmed,
    }
    meeting = before_the_request(world)
    cases = {name: bring(world) for name, bring in steps.items()}
    request = threading.Thread(target=world.confirm, args=(meeting,))
    request.start()
    world.system.kill_and_heal(victim)
    request.join()
    ends = {name: assert_ended_once(world, case) for name, case in (cases | {"meeting": meeting}).items()}
    assert {ends[name] for name in ("notice to come", "SMS slow", "bank thinks")} == {"paid"}
    # The others may have been on the point of going out: then nobody knows, and the bank's closed day tells.
    assert set(ends.values()) <= {"paid", "returned"}


@pytest.mark.parametrize("victim", ["notices", "postgres"])
def test_killed_while_the_sms_gateway_has_the_message_but_not_said_so(world: World, victim: str) -> None:
    """What may have gone out is looked up, never sent again."""
    case = notice_being_sent(world, "timeout_after_accept", seconds=4)
    world.system.kill_and_heal(victim)
    assert assert_ended_once(world, case) == "paid"


def test_all_processes_killed_one_after_the_other_while_money_moves(world: World) -> None:
    """Faults of node and processes together: nobody is paid twice, nobody is forgotten."""
    faults = ("no_answer", "half_frame", "late_record", "duplicate_notice", "reject", "delayed_notice")
    cases = [world.ready() for _ in faults]
    for case, kind in zip(cases, faults, strict=True):
        world.order(case, kind, **({"seconds": 3} if kind in ("late_record", "delayed_notice") else {}))
    for case in cases:
        world.confirm(case)
    for victim in ("worker", "notices", "bank", "postgres", "web-worker"):
        world.system.kill_and_heal(victim)
    ends = [assert_ended_once(world, case) for case in cases]
    assert ends[faults.index("reject")] == "returned"
    assert set(ends) <= {"paid", "returned"}
