"""The same person throughout, and the person of the photo; what is not a number refuses."""

import math

import numpy as np
import pytest

from services.face.engine.actions import Run
from services.face.engine.calibration import Calibration
from services.face.engine.identity import Company, company, watched_moments
from services.face.engine.signals import ACTIONS, Look, Moment
from services.face.engine.types import Descriptor, Kind, Pixels, Points

POINTS = np.zeros((468, 3))
NAN = float("nan")
HERS, HIS = 100, 200
# Three rests with an action between each: prompts 0, 2 and 4 are rests.
COURSE = [0] * 6 + [1] * 6 + [2] * 6 + [3] * 6 + [4] * 6


class Painted:
    """A matcher for pictures whose colour is the person."""

    models: dict[str, str] = {}  # noqa: RUF012

    def describe(self, rgb: Pixels, points: Points) -> Descriptor:
        return np.array([float(rgb[0, 0, 0]) / 100])

    def describe_photo(self, rgb: Pixels, points: Points) -> Descriptor:
        return self.describe(rgb, points)

    def distance(self, one: Descriptor, other: Descriptor) -> float:
        return float(np.abs(one - other)[0])


def _moment(place: int, kind: Kind | None = None, yaw: float = 0.0, strength: float = 1.2) -> Moment:
    look = Look(place * 125, COURSE[place], place, POINTS, 0.3, float(place))
    return Moment(look, yaw, 0.0, 0.0, {name: strength if name == kind else 0.0 for name in ACTIONS})


def _run(*moments: Moment) -> Run:
    return Run("nod", moments, tuple(moment for moment in moments if moment.strengths["nod"] >= 1))


def _session() -> tuple[list[Moment], list[Run]]:
    """One frame of action under prompts 1 and 3, at places 9 and 21."""
    moments = [_moment(place, "nod" if place in (9, 21) else None) for place in range(len(COURSE))]
    return moments, [_run(moments[9]), _run(moments[21])]


def _company(colours: list[int], limits: Calibration) -> Company:
    pictures = [np.full((2, 2, 3), colour, np.uint8) for colour in colours]
    moments, runs = _session()
    return company(moments, runs, pictures, Painted(), limits)


def _painted(*spans: tuple[int, int]) -> list[int]:
    """Her frames, and his from .. to of each span."""
    return [HIS if any(a <= place < b for a, b in spans) else HERS for place in range(len(COURSE))]


def test_the_same_person(limits: Calibration) -> None:
    found = _company(_painted(), limits)
    assert not found.changed(limits)
    assert found.distance_to(np.array([1.10]), Painted()) == pytest.approx(0.10)


@pytest.mark.parametrize(
    "span",
    [
        (9, 10),  # the frame that acts
        (15, 30),  # from the middle of a rest on
        (12, 18),  # while nothing is asked, back for the next action
        (0, 1),  # the first frame alone
        (27, 30),  # behind the last action, in the closing rest
        (29, 30),  # the last frame alone
        (9, 24),  # for both actions and the rest between
    ],
)
def test_another_person_for_a_while(span: tuple[int, int], limits: Calibration) -> None:
    assert _company(_painted(span), limits).changed(limits)


def test_another_person_for_the_actions_only(limits: Calibration) -> None:
    assert _company(_painted((9, 10), (21, 22)), limits).changed(limits)


def test_against_her_rest_he_seems_to_act_and_is_seen_all_the_same(limits: Calibration) -> None:
    """His face, measured against hers, shows an open mouth at every moment of the closing rest."""
    moments, runs = _session()
    moments[26:] = [_moment(place, "open_mouth", strength=3.0) for place in range(26, 30)]
    pictures = [np.full((2, 2, 3), colour, np.uint8) for colour in _painted((26, 30))]
    assert company(moments, runs, pictures, Painted(), limits).changed(limits)


def test_every_rest_is_watched_from_its_first_frame_to_its_last(limits: Calibration) -> None:
    moments, runs = _session()
    watched = [moment.look.picture for moment in watched_moments(moments, runs, limits)]
    assert {0, 5, 12, 17, 24, 29} <= set(watched)
    assert not {9, 21} & set(watched)


def test_the_end_of_an_answer_is_no_rest_yet(limits: Calibration) -> None:
    """A nod that fades out under the next prompt: its frames are the answer's, but the last one of a prompt is seen."""
    moments, _ = _session()
    fading = [_moment(place, "nod", strength=0.7) for place in (12, 13)]
    run = _run(moments[9], *fading)
    watched = [moment.look.picture for moment in watched_moments(moments, [run], limits)]
    assert not {12, 13} & set(watched)
    assert {14, 17} <= set(watched)


def test_a_wrong_action_between_calm_frames_is_not_taken_for_another_person(limits: Calibration) -> None:
    """A face in full action is far from itself; she acts under prompt 1, which no answer belongs to."""
    moments = [_moment(place, "open_mouth" if place in (8, 9) else None) for place in range(len(COURSE))]
    watched = {moment.look.picture for moment in watched_moments(moments, [], limits)}
    assert not {8, 9} & watched
    assert {6, 11} <= watched


def test_only_faces_that_look_at_the_camera_are_held_against_the_photo(limits: Calibration) -> None:
    moments = [_moment(place, yaw=20) for place in range(4)]
    found = company(moments, [], [np.zeros((2, 2, 3), np.uint8)] * 4, Painted(), limits)
    assert found.frontal == ()
    assert math.isnan(found.distance_to(np.zeros(1), Painted()))


@pytest.mark.parametrize(("resting", "actions"), [(NAN, 0.1), (0.1, NAN)])
def test_what_is_not_a_number_refuses(resting: float, actions: float, limits: Calibration) -> None:
    assert Company((), resting, actions).changed(limits)


def test_a_face_that_cannot_be_described(limits: Calibration) -> None:
    class Blind(Painted):
        def distance(self, one: Descriptor, other: Descriptor) -> float:
            return NAN

    moments, runs = _session()
    pictures = [np.zeros((2, 2, 3), np.uint8)] * len(moments)
    found = company(moments, runs, pictures, Blind(), limits)
    assert found.changed(limits)
    assert math.isnan(found.distance_to(np.zeros(1), Blind()))


def test_the_limits_themselves_pass(limits: Calibration) -> None:
    assert not Company((), limits.match.same_frontal, limits.match.same_action).changed(limits)
