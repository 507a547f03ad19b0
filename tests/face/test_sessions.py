"""Whole sessions: the genuine member passes; the attack kit is in test_attack_kit.py."""

import pytest

from tests.face.conftest import Perform

MOVING = ("turn_left", "open_mouth", "nod")


@pytest.mark.parametrize(
    ("kinds", "seed"),
    [(MOVING, 1), (("blink", "turn_right", "turn_left"), 2), (("nod", "blink", "open_mouth"), 3)],
)
def test_the_member_passes(perform: Perform, kinds: tuple[str, ...], seed: int) -> None:
    verdict = perform("obama", kinds, seed=seed)
    assert verdict.reasons == ()
    assert verdict.passed
    assert verdict.scores["match_distance"] <= 0.75  # well inside the limit
    assert verdict.scores["colour_echo"] > 0.9
    assert len(verdict.frame_hashes) == verdict.scores["frames"]
    used = {"face_landmark.tflite", "MobileFaceNet.tflite", "dlib_face_recognition_resnet_model_v1.dat"}
    assert used | {"calibration"} <= set(verdict.models)


@pytest.mark.parametrize(
    ("portrait", "kinds", "seed"),
    [
        ("biden", ("blink", "turn_right", "open_mouth"), 4),
        ("biden", ("nod", "turn_left", "blink"), 5),
        ("astronaut", ("blink", "turn_right", "open_mouth"), 4),
        ("astronaut", ("turn_left", "nod", "turn_right"), 6),
    ],
)
def test_the_other_portraits_pass_too(
    perform: Perform, portrait: str, kinds: tuple[str, ...], seed: int
) -> None:
    assert perform(portrait, kinds, seed=seed).reasons == ()


def test_another_person_is_not_the_person_of_the_photo(perform: Perform) -> None:
    verdict = perform("biden", MOVING, photo_of="obama")
    assert verdict.reasons == ("match.other_person",)
    assert not verdict.passed
    assert verdict.scores["match_distance"] > 1.20


def test_pictures_of_another_time_do_not_reflect_this_screen(perform: Perform) -> None:
    verdict = perform("obama", MOVING, "re_encode", seed=3)
    assert verdict.scores["colour_echo"] < 0.7


def test_left_is_the_members_own_left(perform: Perform) -> None:
    verdict = perform("obama", ("turn_left", "turn_right", "nod"), "wrong_order")
    assert {"liveness.no_turn_left", "liveness.no_turn_right", "liveness.no_nod"} <= set(verdict.reasons)
