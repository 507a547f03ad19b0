"""Two matchers as one: the second only ever speaks against a pair, and what is not a number refuses."""

import numpy as np
import pytest

from services.face.adapters.fused import FusedMatcher
from services.face.engine.types import Descriptor, Pixels, Points


class Plain:
    """A matcher whose descriptor is one number."""

    def __init__(self, name: str) -> None:
        self.models = {name: "00"}

    def describe(self, rgb: Pixels, points: Points) -> Descriptor:
        return np.array([float(rgb[0, 0, 0])])

    def describe_photo(self, rgb: Pixels, points: Points) -> Descriptor:
        return self.describe(rgb, points) + 1

    def distance(self, one: Descriptor, other: Descriptor) -> float:
        return float(np.abs(one - other)[0])


FUSED = FusedMatcher(Plain("a"), Plain("b"), first_length=1, second_from=0.6, second_weight=2.0)


@pytest.mark.parametrize(
    ("near", "far", "expected"), [(0.5, 0.0, 0.5), (0.5, 0.6, 0.5), (0.5, 0.7, 0.7), (0.0, 1.0, 0.8)]
)
def test_the_second_speaks_only_beyond_its_own_tolerance(near: float, far: float, expected: float) -> None:
    assert FUSED.distance(np.zeros(2), np.array([near, far])) == pytest.approx(expected)


@pytest.mark.parametrize("other", [[float("nan"), 0.1], [0.1, float("nan")]])
def test_what_is_not_a_number_stays_so(other: list[float]) -> None:
    assert np.isnan(FUSED.distance(np.zeros(2), np.array(other)))


def test_both_are_described_and_named() -> None:
    rgb = np.full((1, 1, 3), 3, np.uint8)
    assert FUSED.describe(rgb, np.zeros((468, 3))).tolist() == [3.0, 3.0]
    assert FUSED.describe_photo(rgb, np.zeros((468, 3))).tolist() == [4.0, 4.0]
    assert FUSED.models == {"a": "00", "b": "00"}
