"""Whole sessions: the genuine member passes, each attack is refused for its own reason."""

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
    assert len(verdict.frame_hashes) == verdict.scores["frames"]
    used = {"face_landmark.tflite", "MobileFaceNet.tflite", "dlib_face_recognition_resnet_model_v1.dat"}
    assert used | {"calibration"} <= set(verdict.models)


@pytest.mark.parametrize("portrait", ["biden", "astronaut"])
def test_the_other_portraits_pass_too(perform: Perform, portrait: str) -> None:
    assert perform(portrait, ("blink", "turn_right", "open_mouth"), seed=4).reasons == ()


def test_another_person_is_not_the_person_of_the_photo(perform: Perform) -> None:
    verdict = perform("biden", MOVING, photo_of="obama")
    assert verdict.reasons == ("match.other_person",)
    assert not verdict.passed
    assert verdict.scores["match_distance"] > 1.20


def test_somebody_else_before_the_camera(perform: Perform) -> None:
    assert perform("obama", MOVING, "other_person").reasons == ("match.other_person",)


def test_a_still_photo_moved_about_shows_no_action(perform: Perform) -> None:
    verdict = perform("obama", ("blink", "open_mouth", "turn_left"), "still")
    assert {"liveness.no_blink", "liveness.no_open_mouth", "liveness.no_turn_left"} <= set(verdict.reasons)


def test_the_answer_to_another_challenge(perform: Perform) -> None:
    verdict = perform("obama", MOVING, "wrong_order")
    assert "liveness.wrong_order" in verdict.reasons
    assert "liveness.no_turn_left" in verdict.reasons


def test_left_is_the_members_own_left(perform: Perform) -> None:
    verdict = perform("obama", ("turn_left", "turn_right", "nod"), "wrong_order")
    assert {"liveness.no_turn_left", "liveness.no_turn_right", "liveness.no_nod"} <= set(verdict.reasons)


def test_a_camera_that_hangs(perform: Perform) -> None:
    assert perform("obama", MOVING, "frozen").reasons == ("liveness.frozen",)


def test_an_action_before_its_prompt(perform: Perform) -> None:
    assert "liveness.too_early" in perform("obama", MOVING, "early").reasons


def test_another_person_for_the_last_action(perform: Perform) -> None:
    verdict = perform("obama", ("turn_left", "blink", "nod"), "swap", seed=2)
    assert not verdict.passed
