"""The liveness bench: generous to the attacker, strict with the living; posted as an injector posts."""

import random
from pathlib import Path
from typing import Any

import pytest

from bench.liveness import main
from bench.liveness_channel import as_a_camera, from_another_device, in_one_burst
from bench.liveness_kit import Tally, challenge, kinds
from bench.liveness_sequences import Seen, best_of, blinks, sequences
from sandbox.actor.attacks import ATTACKS
from services.face.engine.calibration import Calibration
from services.face.engine.signals import Look
from services.face.engine.types import Frame, Points
from tests.unit.face.test_geometry import _head, _tilted_print, _turned

LIPS = {82: 48.0, 13: 48.0, 312: 48.0, 87: 49.0, 14: 49.0, 317: 49.0}


def _face(mouth: float = 0.0, lids: float = 6.0) -> Points:
    """A head with a mouth and lids that open; the chin follows the lower lip."""
    points = _head()
    points[[78, 308]] = [[220, 228, 0], [260, 228, 0]]
    for index, height in LIPS.items():
        points[index] = [240, 180 + height + (mouth if index in (87, 14, 317) else 0), 0]
    points[152, 1] += mouth
    for upper, lower, x in ((160, 144, 205), (158, 153, 212), (387, 373, 275), (385, 380, 268)):
        points[upper], points[lower] = [x, 160 - lids, 0], [x, 160 + lids, 0]
    return points


def _seen(*faces: tuple[Points, float]) -> Seen:
    looks = [Look(place * 50, 0, place, points, lid, 100.0) for place, (points, lid) in enumerate(faces)]
    return Seen("s", len(looks), looks, {})


REST, OPEN = (_face(), 0.3), 0.3


def test_a_living_head_answers_a_challenge(limits: Calibration) -> None:
    found = best_of(
        _seen(
            REST,
            (_turned(_face(), 30), OPEN),
            (_turned(_face(), -30), OPEN),
            (_face(mouth=20), OPEN),
        ),
        limits,
    )
    assert found.answers
    assert min(found.strongest[kind] for kind in ("turn_left", "turn_right", "open_mouth")) >= 1


def test_a_tilted_print_answers_nothing(limits: Calibration) -> None:
    tilted = [(_tilted_print(_face(), yaw), OPEN) for yaw in (-35, -20, 20, 35)]
    found = best_of(_seen(REST, *tilted), limits)
    assert not found.answers
    assert max(found.strongest.values()) < 1


def test_two_actions_are_no_answer_and_blinks_and_nods_alone_are_none(limits: Calibration) -> None:
    found = best_of(_seen(REST, (_turned(_face(), 30), OPEN), (_face(mouth=20), OPEN)), limits)
    assert (found.together, found.answers) == (2, False)


def test_one_frame_is_enough_for_the_attacker_in_any_order(limits: Calibration) -> None:
    """The rest may come last, and two rests on end are not needed: a print can be held still."""
    assert best_of(_seen((_turned(_face(), 30), OPEN), REST), limits).strongest["turn_left"] >= 1


def test_a_blink_of_a_living_person_counts_once_for_each_time_the_lids_fall(limits: Calibration) -> None:
    shut = (_face(lids=3.0), 0.06)
    assert blinks(_seen(*[REST] * 4, shut, shut, *[REST] * 4, shut, REST), limits) == 2
    assert blinks(_seen(*[REST] * 6), limits) == 0
    assert blinks(_seen(*[REST] * 4, (_face(), 0.06), REST), limits) == 0  # the mesh does not agree


def test_nothing_usable(limits: Calibration) -> None:
    assert not best_of(_seen(), limits).answers
    assert blinks(_seen(), limits) == 0


def _posted() -> tuple[list[dict[str, Any]], list[Frame]]:
    prompts = challenge(random.Random(1))
    end = prompts[-1]["start_ms"] + prompts[-1]["hold_ms"] + 700
    frames = []
    for seq, at_ms in enumerate(range(40, end, 170)):
        index = max(prompt["index"] for prompt in prompts if prompt["start_ms"] <= at_ms)
        frames.append(Frame(seq, at_ms, index, b"picture %d" % seq))
    return prompts, frames


def test_the_bound_phone_is_heard_and_injectors_are_not() -> None:
    """The service's own checks: another key, and pictures of moments that have not come yet."""
    prompts, frames = _posted()
    assert as_a_camera(prompts, frames) is None
    assert from_another_device(prompts, frames) == "face.channel"
    assert in_one_burst(prompts, frames) == "face.channel"


def test_every_kind_of_attack_is_tried() -> None:
    assert set(kinds()) == set(ATTACKS) - {"animated"} | {"animated_other_device", "animated_one_burst"}


def test_what_stopped_a_kind_is_counted() -> None:
    tally = Tally()
    for reasons in ((), ("a", "b"), ("a",)):
        tally.count(reasons)
    assert tally.told() == {"tries": 3, "passed": 1, "stopped_by": {"a": 2, "b": 1}}


def test_only_folders_with_pictures_are_sequences(tmp_path: Path) -> None:
    for name, file in (("b", "0.jpg"), ("a", "0.jpg"), ("empty", None), ("notes", "x.txt")):
        (tmp_path / name).mkdir()
        if file:
            (tmp_path / name / file).touch()
    assert [path.name for path in sequences(tmp_path)] == ["a", "b"]
    assert sequences(tmp_path / "nothing") == []


def test_a_folder_without_sequences_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path)]) == 2
    assert "print/<sequence>" in capsys.readouterr().err
