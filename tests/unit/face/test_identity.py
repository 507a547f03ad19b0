"""The same person throughout, and the person of the photo; what is not a number refuses."""

import numpy as np
import pytest

from services.face.engine.actions import Run
from services.face.engine.calibration import Calibration
from services.face.engine.identity import Likeness, likeness
from services.face.engine.signals import ACTIONS, Look, Moment
from services.face.engine.types import Descriptor, Kind, Pixels, Points

POINTS = np.zeros((468, 3))
NAN = float("nan")


class Painted:
    """A matcher for pictures whose colour is the person."""

    models: dict[str, str] = {}  # noqa: RUF012

    def describe(self, rgb: Pixels, points: Points) -> Descriptor:
        return np.array([float(rgb[0, 0, 0]) / 100])

    def distance(self, one: Descriptor, other: Descriptor) -> float:
        return float(np.abs(one - other)[0])


def _moment(place: int, kind: Kind | None = None, yaw: float = 0.0) -> Moment:
    look = Look(place * 125, 0, place, POINTS, 0.3, float(place))
    return Moment(look, yaw, 0.0, 0.0, {name: 1.2 if name == kind else 0.0 for name in ACTIONS})


def _found(colours: list[int], acting: int, photo: int, limits: Calibration) -> Likeness | None:
    pictures = [np.full((2, 2, 3), colour, np.uint8) for colour in colours]
    moments = [_moment(place, "nod" if place == acting else None) for place in range(len(colours))]
    run = Run("nod", (moments[acting],), (moments[acting],))
    return likeness(moments, [run], pictures, np.array([photo / 100]), Painted(), limits)


def test_the_same_person(limits: Calibration) -> None:
    found = _found([100] * 12, 6, 110, limits)
    assert found is not None
    assert found.to_photo == pytest.approx(0.10)
    assert found.faults(limits) == []


def test_another_person_than_the_photo(limits: Calibration) -> None:
    found = _found([100] * 12, 6, 220, limits)
    assert found is not None
    assert found.faults(limits) == ["match.other_person"]


def test_another_person_inside_the_action(limits: Calibration) -> None:
    found = _found([100] * 6 + [200] + [100] * 5, 6, 100, limits)
    assert found is not None
    assert found.faults(limits) == ["liveness.person_changed"]


def test_another_person_from_the_middle_on(limits: Calibration) -> None:
    found = _found([100] * 6 + [200] * 6, 2, 100, limits)
    assert found is not None
    assert found.faults(limits) == ["liveness.person_changed"]


def test_nobody_looks_at_the_camera(limits: Calibration) -> None:
    pictures = [np.zeros((2, 2, 3), np.uint8)] * 4
    turned = [_moment(place, yaw=20) for place in range(4)]
    assert likeness(turned, [], pictures, np.zeros(1), Painted(), limits) is None


@pytest.mark.parametrize("found", [Likeness(NAN, 0.1, 0.1), Likeness(0.1, NAN, 0.1), Likeness(0.1, 0.1, NAN)])
def test_what_is_not_a_number_refuses(found: Likeness, limits: Calibration) -> None:
    assert found.faults(limits) != []


def test_the_limits_themselves_pass(limits: Calibration) -> None:
    at = limits.match
    assert Likeness(at.tolerance, at.same_frontal, at.same_action).faults(limits) == []
