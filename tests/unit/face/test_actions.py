"""Answers to prompts: shown, in time, in order, with a rest between."""

import numpy as np
import pytest

from services.face.engine.actions import Shown, liveness_faults
from services.face.engine.calibration import Calibration
from services.face.engine.signals import ACTIONS, Look, Moment
from services.face.engine.types import Kind, Prompt

POINTS = np.zeros((468, 3))
STEP_MS = 125
PROMPTS = (
    Prompt(0, "neutral", 0, 1500),
    Prompt(1, "turn_left", 1500, 2500),
    Prompt(2, "neutral", 4000, 1000),
    Prompt(3, "open_mouth", 5000, 2500),
    Prompt(4, "neutral", 7500, 1000),
)
SHOWN = tuple(Shown(prompt, prompt.start_ms) for prompt in PROMPTS)
Plan = dict[Kind, list[tuple[int, int, float]]]


def _moments(plan: Plan) -> list[Moment]:
    """A session in which each kind shows from .. to with a strength; a step below at either end."""

    def strength(kind: Kind, at_ms: int) -> float:
        return max((s for start, end, s in plan.get(kind, []) if start <= at_ms < end), default=0.1)

    made = []
    for place, at_ms in enumerate(range(0, 8500, STEP_MS)):
        prompt = sum(at_ms >= p.start_ms for p in PROMPTS) - 1
        look = Look(at_ms, prompt, place, POINTS, 0.3, 100.0)
        made.append(Moment(look, 0.0, 0.0, 0.0, {kind: strength(kind, at_ms) for kind in ACTIONS}))
    return made


def _faults(plan: Plan, limits: Calibration) -> set[str]:
    return set(liveness_faults(SHOWN, _moments(plan), limits)[0])


TURN = (2000, 3200, 1.6)
MOUTH = (5500, 6500, 1.6)


def test_both_actions_in_their_time(limits: Calibration) -> None:
    faults, runs = liveness_faults(SHOWN, _moments({"turn_left": [TURN], "open_mouth": [MOUTH]}), limits)
    assert faults == []
    assert [run.kind for run in runs] == ["turn_left", "open_mouth"]


def test_a_missing_action(limits: Calibration) -> None:
    assert _faults({"turn_left": [TURN]}, limits) == {"liveness.no_open_mouth"}
    assert _faults({}, limits) == {"liveness.no_turn_left", "liveness.no_open_mouth"}


@pytest.mark.parametrize("strength", [0.99, float("nan")])
def test_an_action_below_its_threshold(strength: float, limits: Calibration) -> None:
    weak = (TURN[0], TURN[1], strength)
    assert _faults({"turn_left": [weak], "open_mouth": [MOUTH]}, limits) == {"liveness.no_turn_left"}


def test_one_frame_is_no_turn(limits: Calibration) -> None:
    short = (2000, 2000 + STEP_MS, 1.6)
    assert _faults({"turn_left": [short], "open_mouth": [MOUTH]}, limits) == {"liveness.no_turn_left"}


def test_the_wrong_way_round(limits: Calibration) -> None:
    faults = _faults({"turn_right": [TURN], "open_mouth": [MOUTH]}, limits)
    assert faults == {"liveness.no_turn_left", "liveness.wrong_order"}


@pytest.mark.parametrize("start", [1000, 1500])
def test_sooner_than_anyone_can_react(start: int, limits: Calibration) -> None:
    early = (start, 3200, 1.6)
    faults = _faults({"turn_left": [early], "open_mouth": [MOUTH]}, limits)
    assert "liveness.too_early" in faults


def test_begun_before_the_prompt_even_if_not_yet_full(limits: Calibration) -> None:
    plan: Plan = {"turn_left": [(1250, 2000, 0.7), TURN], "open_mouth": [MOUTH]}
    assert "liveness.too_early" in _faults(plan, limits)


def test_an_action_that_nobody_asked_for(limits: Calibration) -> None:
    plan: Plan = {"turn_left": [TURN], "open_mouth": [MOUTH], "nod": [(4200, 4800, 1.6)]}
    assert _faults(plan, limits) == {"liveness.wrong_order"}
    plan["nod"] = [(4200, 4800, 1.1)]
    assert _faults(plan, limits) == set()


def test_lids_may_fall_at_any_time(limits: Calibration) -> None:
    plan: Plan = {"turn_left": [TURN], "open_mouth": [MOUTH], "blink": [(300, 600, 2.0), (4200, 4500, 2.0)]}
    assert _faults(plan, limits) == set()


def test_coming_back_slowly_is_no_fault(limits: Calibration) -> None:
    plan: Plan = {"turn_left": [(2600, 4400, 1.6)], "open_mouth": [MOUTH]}
    assert _faults(plan, limits) == set()


def test_no_rest_between_two_actions(limits: Calibration) -> None:
    plan: Plan = {"turn_left": [TURN], "open_mouth": [MOUTH], "nod": [(3200, 5500, 0.6)]}
    assert _faults(plan, limits) == {"liveness.no_rest"}
