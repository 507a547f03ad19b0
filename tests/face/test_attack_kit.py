"""Every kind of the attack kit is refused, and for its own reason."""

import pytest

from bench.liveness_kit import tried
from runtime.cli.fetch_models import MODELS_DIR
from sandbox.actor.attacks import ATTACKS
from services.face.adapters.engine import Decide, build
from tests.face.conftest import CALIBRATION, Perform

ALL_THREE = ("open_mouth", "turn_left", "nod")
NOTHING_DONE = {"liveness.no_open_mouth", "liveness.no_turn_left", "liveness.no_nod"}
PHOTOS = ("still", "still_panned", "still_zoomed", "still_tilted", "still_bent")
SWAPS = ("stand_in", "swap", "swap_after_1", "swap_after_2", "swap_at_rest", "swap_at_end")


@pytest.mark.parametrize("kind", PHOTOS)
def test_a_photo_shows_no_action_however_it_is_held(perform: Perform, kind: str) -> None:
    """Tilted to the asked side, bent, brought nearer: it neither opens its mouth nor turns nor nods."""
    assert set(perform("obama", ALL_THREE, kind, seed=3).reasons) == NOTHING_DONE


def test_living_eyes_behind_a_photo_do_blink_and_that_is_all(perform: Perform) -> None:
    reasons = set(perform("biden", ("blink", "turn_left", "open_mouth"), "cut_out_eyes", seed=1).reasons)
    assert reasons == {"liveness.no_turn_left", "liveness.no_open_mouth"}


@pytest.mark.parametrize("kind", ["wrong_order", "other_challenge", "re_encode"])
def test_the_answer_to_something_else(perform: Perform, kind: str) -> None:
    reasons = set(perform("obama", ALL_THREE, kind, seed=1).reasons)
    assert "liveness.wrong_order" in reasons
    assert "liveness.no_turn_left" in reasons


def test_a_camera_that_hangs(perform: Perform) -> None:
    assert perform("astronaut", ALL_THREE, "frozen").reasons == ("liveness.frozen",)


def test_an_action_before_its_prompt(perform: Perform) -> None:
    assert "liveness.too_early" in perform("biden", ALL_THREE, "early").reasons


def test_somebody_else_before_the_camera(perform: Perform) -> None:
    assert perform("obama", ALL_THREE, "other_person").reasons == ("match.other_person",)


@pytest.mark.parametrize("kind", SWAPS)
def test_two_people_in_one_session(perform: Perform, kind: str) -> None:
    """For an action, after the first or second, while nothing is asked, behind the last: always named as it is."""
    assert perform("obama", ALL_THREE, kind, seed=2).reasons == ("liveness.person_changed",)


@pytest.mark.parametrize("portrait", ["biden", "astronaut"])
def test_a_swap_behind_the_last_action_whoever_it_is(perform: Perform, portrait: str) -> None:
    verdict = perform(portrait, ("turn_right", "blink", "turn_left"), "swap_at_end", seed=5)
    assert verdict.reasons == ("liveness.person_changed",)


@pytest.fixture(scope="module")
def deciding(models_dir: object) -> Decide:
    """The judge, for the bench's own way through the service."""
    return build(MODELS_DIR, CALIBRATION)[0]


def test_an_animated_photo_passes_every_check_on_pictures_and_only_the_channel_stops_it(
    deciding: Decide,
) -> None:
    """Posted as the bound phone's camera would, it passes: a fake camera on a bound phone stays open."""
    assert tried("animated_other_device", 0, deciding) == ("face.channel",)
    assert tried("animated_one_burst", 0, deciding) == ("face.channel",)
    assert tried("animated", 0, deciding) == ()


def test_no_kind_is_left_out() -> None:
    known = {*PHOTOS, *SWAPS, "cut_out_eyes", "wrong_order", "other_challenge", "re_encode"}
    assert known | {"frozen", "early", "other_person", "animated"} == set(ATTACKS)
