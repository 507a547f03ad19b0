"""The right ends of a withdrawal, whatever happened on the way: money once or not at all, words once."""

from __future__ import annotations

from tests.faults.world import AMOUNT_FEN, ENDED, Case, World, until

JOURNALS = {
    "paid": ["withdrawal_hold", "withdrawal_settle"],
    "returned": ["withdrawal_hold", "withdrawal_reverse"],
    "paid, then returned": ["withdrawal_hold", "withdrawal_settle", "withdrawal_return"],
}
BANK = {
    "paid": {"debits": 1, "returns": 0},
    "returned": {"debits": 0, "returns": 0},
    "paid, then returned": {"debits": 1, "returns": 1},
}
TOLD = {
    "paid": ("settlement_paid",),
    "returned": ("settlement_returned",),
    "paid, then returned": ("settlement_paid", "settlement_returned"),
}
_SETTLED = {"submitted", "delivered", "uncertain"}


def assert_ends(world: World, case: Case, end: str, *, timeout_s: float = 40) -> None:
    """The case comes to `end` ("paid", "returned", "paid, then returned"): state, journals, bank and words agree."""
    state = end.rpartition(" ")[2]
    until(
        lambda: world.state(case) == state,
        timeout_s,
        f"case {case.case_no} is {world.state(case)}, wanted {state}",
    )
    assert world.journals(case) == JOURNALS[end]
    assert world.bank(case) == BANK[end]
    assert_told_once(world, case, end)


def assert_told_once(world: World, case: Case, end: str, *, timeout_s: float = 30) -> None:
    """One SMS and one WeChat intent for each event; on the phone each once, and no other."""
    expected = {(template, channel) for template in TOLD[end] for channel in ("sms", "wechat")}
    until(lambda: _all_sent(world, case, expected), timeout_s, f"notices are {world.intent_states(case)}")
    intents = world.intent_states(case)
    assert {name: len(states) for name, states in intents.items()} == dict.fromkeys(expected, 1)
    received = world.received(case)
    assert set(received) <= expected
    assert set(received.values()) <= {1}, received
    # What a crash cut off is not sent anew where the provider cannot tell whether it went out.
    unknown = {name for name, states in intents.items() if states == ["uncertain"]}
    assert expected - set(received) <= unknown, intents


def _all_sent(world: World, case: Case, expected: set[tuple[str, str]]) -> bool:
    intents = world.intent_states(case)
    return expected <= set(intents) and all(
        state in _SETTLED for states in intents.values() for state in states
    )


def assert_ended_once(world: World, case: Case, *, timeout_s: float = 40) -> str:
    """The case ends paid or returned, exactly once; gives which.

    One that was cut off before it reached the bank stays unknown until the bank's day is closed, which is then done.
    """
    until(
        lambda: world.state(case) in ENDED or _never_arrived(world, case),
        timeout_s,
        f"case {case.case_no} ends",
    )
    if world.state(case) not in ENDED:
        world.cut_off()
    until(lambda: world.state(case) in ENDED, timeout_s, f"case {case.case_no} ends after the bank's day")
    end = world.state(case)
    assert_ends(world, case, end)
    return end


def _never_arrived(world: World, case: Case) -> bool:
    return world.state(case) == "unknown" and world.sandbox.payments(case.case_no)["payments"] == []


def assert_untouched(world: World, case_or_member: Case, before: tuple[int, int]) -> None:
    """No money moved: same balance, nothing held, nothing at the bank, no journal."""
    assert world.balance(case_or_member.member) == before
    assert world.journals(case_or_member) == []
    assert world.bank(case_or_member) == {"debits": 0, "returns": 0}


def held(before: tuple[int, int]) -> tuple[int, int]:
    """Balance and hold after one approval."""
    return before[0] - AMOUNT_FEN, before[1] + AMOUNT_FEN
