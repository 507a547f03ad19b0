"""Risk rules: worked examples by the seeded figures, and that more risk never means less caution."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.policies.rules import Figure, Policy, policy_on
from services.withdrawals.risk import Outcome, RiskFacts, assess, facts_from_json

_SEED = Path(__file__).parents[3] / "config" / "policies" / "2022-04-01.toml"
_ROWS = tomllib.loads(_SEED.read_text("utf-8"))["figure"]
SEEDED = policy_on(date(2026, 11, 23), [Figure(r["key"], date(2022, 4, 1), r["value"]) for r in _ROWS])
CALM = RiskFacts("face", 300_000, 10)


def outcome(**changes: object) -> tuple[Outcome, int, list[str]]:
    found = assess(replace(CALM, **changes), SEEDED)  # type: ignore[arg-type]
    return found.outcome, found.delay_hours, [reason.code for reason in found.reasons]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # nothing speaks against it, whatever the sum
        ({}, (Outcome.ALLOW, 0, [])),
        ({"amount_fen": 5_000_000}, (Outcome.ALLOW, 0, [])),
        # one reason: 20,000.00 at once, one fen more waits a day
        ({"device_age_h": 0, "amount_fen": 2_000_000}, (Outcome.ALLOW, 0, ["risk.device_new"])),
        ({"device_age_h": 0, "amount_fen": 2_000_001}, (Outcome.DELAY, 24, ["risk.device_new"])),
        ({"device_age_h": 23, "amount_fen": 2_000_001}, (Outcome.DELAY, 24, ["risk.device_new"])),
        ({"device_age_h": 24, "amount_fen": 2_000_001}, (Outcome.ALLOW, 0, [])),
        # a card, a binding or a phone number is recent for seven days
        ({"card_added_age_h": 167, "amount_fen": 2_000_001}, (Outcome.DELAY, 24, ["risk.card_new"])),
        ({"card_added_age_h": 168, "amount_fen": 2_000_001}, (Outcome.ALLOW, 0, [])),
        ({"rebound_age_h": 167, "amount_fen": 2_000_001}, (Outcome.DELAY, 24, ["risk.rebound"])),
        ({"phone_changed_age_h": 0, "amount_fen": 2_000_001}, (Outcome.DELAY, 24, ["risk.phone_changed"])),
        # the second failed face counts, the first does not
        ({"failed_faces": 1, "amount_fen": 2_000_001}, (Outcome.ALLOW, 0, [])),
        ({"failed_faces": 2, "amount_fen": 2_000_001}, (Outcome.DELAY, 24, ["risk.failed_faces"])),
        # night is until six, and only for more than 5,000.00
        ({"hour": 5, "amount_fen": 2_000_001}, (Outcome.DELAY, 24, ["risk.night"])),
        ({"hour": 6, "amount_fen": 2_000_001}, (Outcome.ALLOW, 0, [])),
        ({"hour": 5, "amount_fen": 500_000}, (Outcome.ALLOW, 0, [])),
        # two reasons: 2,000.00 at once
        (
            {"device_age_h": 1, "card_added_age_h": 30, "amount_fen": 200_000},
            (Outcome.ALLOW, 0, ["risk.device_new", "risk.card_new"]),
        ),
        (
            {"device_age_h": 1, "card_added_age_h": 30, "amount_fen": 200_001},
            (Outcome.DELAY, 24, ["risk.device_new", "risk.card_new"]),
        ),
        # the fourth member on one phone, or a card that another member has too: a person looks, however small the sum
        ({"device_members": 3}, (Outcome.ALLOW, 0, [])),
        ({"device_members": 4, "amount_fen": 1}, (Outcome.REVIEW, 24, ["risk.device_shared"])),
        ({"card_members": 2, "amount_fen": 1}, (Outcome.REVIEW, 24, ["risk.card_shared"])),
        ({"device_members": 9, "card_members": 9, "amount_fen": 0}, (Outcome.ALLOW, 0, [])),
        # an address says nothing alone; beside another reason it is one more
        ({"address_members": 5000, "amount_fen": 5_000_000}, (Outcome.ALLOW, 0, [])),
        (
            {"address_members": 10, "device_age_h": 1, "amount_fen": 200_001},
            (Outcome.ALLOW, 0, ["risk.device_new"]),
        ),
        (
            {"address_members": 11, "device_age_h": 1, "amount_fen": 200_001},
            (Outcome.DELAY, 24, ["risk.device_new", "risk.address_shared"]),
        ),
        # three: a person looks, however small the sum
        (
            {"device_age_h": 1, "card_added_age_h": 30, "failed_faces": 2, "amount_fen": 1},
            (Outcome.REVIEW, 24, ["risk.device_new", "risk.card_new", "risk.failed_faces"]),
        ),
    ],
)
def test_with_a_face(changes, expected):
    assert outcome(**changes) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (Outcome.DELAY, 24, ["route.card_sms"])),
        ({"amount_fen": 500_000}, (Outcome.DELAY, 24, ["route.card_sms"])),
        ({"amount_fen": 500_001}, (Outcome.TOO_MUCH, 24, ["route.case_limit"])),
        ({"route_today_fen": 700_000}, (Outcome.DELAY, 24, ["route.card_sms"])),  # 3,000 + 7,000 = 10,000
        ({"route_today_fen": 700_001}, (Outcome.TOO_MUCH, 24, ["route.day_limit"])),
        ({"device_age_h": 23}, (Outcome.FACE_NEEDED, 24, ["risk.device_new"])),
        ({"device_age_h": 24}, (Outcome.DELAY, 24, ["route.card_sms"])),
        ({"card_added_age_h": 25}, (Outcome.FACE_NEEDED, 24, ["risk.card_new"])),
        ({"phone_changed_age_h": 100}, (Outcome.FACE_NEEDED, 24, ["risk.phone_changed"])),
        ({"rebound_age_h": 100}, (Outcome.FACE_NEEDED, 24, ["risk.rebound"])),
        # an agreement would pay month after month, however small a month's sum
        ({"standing": True, "amount_fen": 1}, (Outcome.FACE_NEEDED, 24, ["risk.standing"])),
        # who failed by light or by not blinking may take this way; who was somebody else may not
        ({"failed_faces": 3, "stranger_faces": 2}, (Outcome.DELAY, 24, ["route.card_sms"])),
        ({"failed_faces": 3, "stranger_faces": 3}, (Outcome.COUNTER, 24, ["risk.stranger"])),
        ({"hour": 3}, (Outcome.DELAY, 24, ["route.card_sms"])),
        ({"address_members": 5000}, (Outcome.DELAY, 24, ["route.card_sms"])),
        ({"device_members": 4}, (Outcome.REVIEW, 24, ["risk.device_shared"])),
        ({"card_members": 2}, (Outcome.REVIEW, 24, ["risk.card_shared"])),
        ({"device_members": 4, "device_age_h": 1}, (Outcome.FACE_NEEDED, 24, ["risk.device_new"])),
    ],
)
def test_without_a_face(changes, expected):
    assert outcome(route="card_sms", **changes) == expected


ages = st.none() | st.integers(0, 400)
facts = st.builds(
    RiskFacts,
    route=st.sampled_from(["face", "card_sms"]),
    amount_fen=st.integers(0, 10_000_000),
    hour=st.integers(0, 23),
    device_age_h=ages,
    rebound_age_h=ages,
    phone_changed_age_h=ages,
    card_added_age_h=ages,
    failed_faces=st.integers(0, 5),
    stranger_faces=st.integers(0, 5),
    route_today_fen=st.integers(0, 2_000_000),
    device_members=st.integers(1, 6),
    card_members=st.integers(1, 3),
    address_members=st.integers(1, 30),
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """The seeded figures, and others that a centre might choose (two reasons never let more pass than one)."""
    one = draw(st.integers(0, 5_000_000))
    values = {
        **SEEDED.values,
        "risk.one_reason_free_fen": one,
        "risk.two_reasons_free_fen": draw(st.integers(0, one)),
        "risk.review_reasons": draw(st.integers(1, 5)),
        "risk.delay_hours": draw(st.integers(1, 72)),
        "risk.night_free_fen": draw(st.integers(0, 5_000_000)),
        "route.card_sms.delay_hours": draw(st.integers(0, 72)),
        "route.card_sms.case_limit_fen": draw(st.integers(0, 5_000_000)),
    }
    return replace(SEEDED, values=values)


def _younger(age: int | None, by: int) -> int:
    return max(0, (400 if age is None else age) - by)


@given(
    facts,
    policies(),
    st.sampled_from(
        [
            "amount_fen", "hour", "device_age_h", "rebound_age_h", "phone_changed_age_h",
            "card_added_age_h", "failed_faces", "stranger_faces", "route_today_fen",
            "device_members", "card_members", "address_members",
        ]
    ),
    st.integers(0, 5_000_000),
)  # fmt: skip
def test_more_risk_never_means_less_caution(before, policy, what, more):
    if what.endswith("_age_h"):
        riskier = replace(before, **{what: _younger(getattr(before, what), more)})
    elif what == "hour":
        riskier = replace(before, hour=more % (before.hour + 1))  # nearer to the depth of night
    else:
        riskier = replace(before, **{what: getattr(before, what) + more})
    first, second = assess(before, policy), assess(riskier, policy)
    assert second.outcome >= first.outcome
    assert second.delay_hours >= first.delay_hours


@given(facts, policies())
def test_every_word_of_caution_has_a_reason_and_without_a_face_nothing_is_at_once(known, policy):
    found = assess(known, policy)
    assert found.reasons or found.outcome is Outcome.ALLOW
    if known.route == "card_sms":
        assert found.outcome is not Outcome.ALLOW
        assert found.delay_hours == policy.integer("route.card_sms.delay_hours")


@given(facts)
def test_a_stored_decision_is_found_again(known):
    assert assess(facts_from_json(known.to_json()), SEEDED) == assess(known, SEEDED)
