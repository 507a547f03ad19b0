"""Face geometry on a made-up head: turns in the right direction, flat things are flat."""

import math

import numpy as np
import pytest

from services.face.engine import geometry
from services.face.engine.types import Points


def _head() -> Points:
    """468 points of a rounded head looking at the camera; the nose is nearest (z smallest)."""
    rng = np.random.default_rng(1)
    points = np.zeros((468, 3))
    points[:, :2] = rng.uniform(-70, 70, (468, 2))
    points[:, 2] = -60 * np.exp(-(points[:, 0] ** 2 + points[:, 1] ** 2) / 3000)
    named = {
        33: (-45, -20, 0), 133: (-18, -20, -8), 263: (45, -20, 0), 362: (18, -20, -8), 1: (0, 12, -65),
        2: (0, 22, -45), 4: (0, 8, -66), 168: (0, -22, -30), 152: (0, 75, -10), 10: (0, -75, -10),
        234: (-72, 0, 60), 454: (72, 0, 60),
    }  # fmt: skip
    for index, place in named.items():
        points[index] = place
    return points + np.array([240.0, 180.0, 0.0])


def _turned(points: Points, yaw: float = 0.0, pitch: float = 0.0) -> Points:
    """Yaw moves the nose to the picture's right (the member's left), pitch moves it down."""
    a, b = math.radians(yaw), math.radians(pitch)
    about_y = np.array([[math.cos(a), 0, -math.sin(a)], [0, 1, 0], [math.sin(a), 0, math.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, math.cos(b), -math.sin(b)], [0, math.sin(b), math.cos(b)]])
    middle = points.mean(axis=0)
    return (points - middle) @ (about_x @ about_y).T + middle


def _tilted_print(points: Points, yaw: float, camera: float = 600.0) -> Points:
    """A photo of the head, turned before the camera."""
    a = math.radians(yaw)
    flat = points[:, :2] - points[:, :2].mean(axis=0)
    depth = camera + flat[:, 0] * math.sin(a)
    seen = np.stack([flat[:, 0] * math.cos(a), flat[:, 1]], axis=1) * (camera / depth)[:, None]
    return np.column_stack([seen + 200, points[:, 2]])


@pytest.mark.parametrize(("yaw", "pitch"), [(20, 0), (-20, 0), (0, 15), (0, -15), (25, 5)])
def test_a_turn_is_measured_with_its_direction(yaw: float, pitch: float) -> None:
    head = _head()
    turned = _turned(head, yaw, pitch)
    assert (turned[4, 0] > head[4, 0]) == (yaw > 0) or yaw == 0
    assert (turned[4, 1] > head[4, 1]) == (pitch > 0) or pitch == 0
    found = geometry.turn_between(head, turned)
    assert found.yaw == pytest.approx(yaw, abs=0.5)
    assert found.pitch == pytest.approx(pitch, abs=0.5)
    assert abs(found.roll) < 3


def test_a_solid_head_is_not_flat_and_a_print_is() -> None:
    head = _head()
    assert geometry.flatness_residual(head, _turned(head, 20)) > 0.04
    assert geometry.flatness_residual(head, _turned(head, pitch=15)) > 0.03
    for yaw in (-40, -20, 20, 40):
        assert geometry.flatness_residual(head, _tilted_print(head, yaw)) < 0.001


def test_a_nod_moves_the_nose_and_a_tilted_print_does_not_open_the_jaw() -> None:
    head = _head()
    assert geometry.nose_drop(_turned(head, pitch=15)) - geometry.nose_drop(head) > 0.03
    squeezed = head * np.array([1.0, 0.8, 1.0])
    flat = head * np.array([1.0, 1.0, 0.0])
    assert geometry.jaw_drop(flat * np.array([1.0, 0.8, 1.0])) == pytest.approx(geometry.jaw_drop(flat))
    assert geometry.nose_drop(squeezed) == pytest.approx(geometry.nose_drop(head))


def test_facing_the_camera() -> None:
    head = _head()
    assert abs(geometry.upright_turn(head).yaw) < 1
    assert geometry.upright_turn(_turned(head, 20)).yaw == pytest.approx(20, abs=1)
    assert geometry.eye_distance(head) == pytest.approx(63)


def test_points_fallen_together_measure_nothing() -> None:
    nothing = np.zeros((468, 3))
    for measure in (geometry.eye_opening, geometry.mouth_opening, geometry.jaw_drop, geometry.nose_drop):
        assert math.isnan(measure(nothing))
