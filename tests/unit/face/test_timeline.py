"""The course of a session: order, coverage, a camera that hangs."""

from dataclasses import replace

import numpy as np
import pytest

from services.face.engine.calibration import Calibration
from services.face.engine.timeline import course_faults, is_frozen, shown_at
from services.face.engine.types import Frame, Pixels, Prompt

PROMPTS = (Prompt(0, "neutral", 0, 1500), Prompt(1, "blink", 1700, 2600), Prompt(2, "neutral", 4500, 900))


def _frames(step_ms: int = 150, end_ms: int = 5500) -> list[Frame]:
    times = range(30, end_ms, step_ms)
    return [
        Frame(seq, at, sum(at >= p.start_ms for p in PROMPTS) - 1, b"%d" % at) for seq, at in enumerate(times)
    ]


def test_a_steady_session(limits: Calibration) -> None:
    assert course_faults(_frames(), PROMPTS, limits.timing) == []
    assert course_faults(_frames(step_ms=240), PROMPTS, limits.timing) == []


def test_no_frames_or_too_many(limits: Calibration) -> None:
    assert course_faults([], PROMPTS, limits.timing) == ["liveness.no_frames"]
    assert course_faults(_frames(step_ms=40), PROMPTS, limits.timing) == ["liveness.too_many_frames"]


@pytest.mark.parametrize(
    "prompts",
    [
        (),
        (Prompt(0, "neutral", 0, 1500),),
        (Prompt(1, "blink", 0, 1500),),
        (Prompt(0, "neutral", 0, 1500), Prompt(2, "blink", 1700, 2600)),
        (Prompt(0, "neutral", 1700, 1500), Prompt(1, "blink", 1700, 2600)),
    ],
)
def test_a_challenge_that_asks_nothing_or_is_out_of_order(
    prompts: tuple[Prompt, ...], limits: Calibration
) -> None:
    assert course_faults(_frames(), prompts, limits.timing) == ["liveness.bad_challenge"]


@pytest.mark.parametrize(
    ("place", "change"),
    [
        (5, {"seq": 4}),
        (5, {"at_ms": 30}),
        (0, {"at_ms": -1}),
        (15, {"prompt": 0}),
        (2, {"prompt": 1}),
        (-1, {"prompt": 3}),
        (-1, {"prompt": -1}),
        (-1, {"at_ms": 60_000}),
    ],
)
def test_frames_out_of_order(place: int, change: dict[str, int], limits: Calibration) -> None:
    frames = _frames()
    frames[place] = replace(frames[place], **change)
    assert course_faults(frames, PROMPTS, limits.timing) == ["liveness.out_of_order"]


def test_gaps(limits: Calibration) -> None:
    missing = [frame for frame in _frames() if not 2000 < frame.at_ms < 3400]
    assert course_faults(missing, PROMPTS, limits.timing) == ["liveness.gaps"]
    few = [frame for frame in _frames() if frame.prompt != 2 or frame.at_ms > 5300]
    assert course_faults(few, PROMPTS, limits.timing) == ["liveness.gaps"]
    slow = _frames(step_ms=450)
    assert course_faults(slow, PROMPTS, limits.timing) == ["liveness.gaps"]


def test_a_prompt_is_seen_with_its_first_frame() -> None:
    assert shown_at(_frames(), PROMPTS[1]) == 1830
    assert shown_at([], PROMPTS[1]) == 1700


def _pictures(count: int, noise: float, frozen: slice = slice(0, 0)) -> list[Pixels]:
    rng = np.random.default_rng(3)
    made = [(128 + rng.normal(0, noise, (60, 80, 3))).astype(np.uint8) for _ in range(count)]
    for place in range(*frozen.indices(count)):
        made[place] = made[frozen.start]
    return made


def test_a_camera_that_hangs_though_each_jpeg_differs(limits: Calibration) -> None:
    frames = _frames()[:20]
    assert not is_frozen(_pictures(20, 2.0), frames, limits.timing)
    assert not is_frozen(_pictures(20, 2.0, slice(4, 7)), frames, limits.timing)
    assert is_frozen(_pictures(20, 2.0, slice(4, 12)), frames, limits.timing)
    assert is_frozen(_pictures(20, 0.0), frames, limits.timing)


def test_the_same_file_again_and_again(limits: Calibration) -> None:
    frames = [replace(frame, jpeg=b"same") for frame in _frames()[:20]]
    assert is_frozen(_pictures(20, 2.0), frames, limits.timing)
