"""Figures of a matcher, worked out by hand on a few pairs."""

from itertools import combinations

import numpy as np
import pytest

from bench.face import _official_pairs
from bench.face_figures import all_pairs, clopper_pearson_upper, figures, pair_protocol

# Two images each of three people: three genuine pairs, twelve impostor pairs.
OWNERS = ["a", "a", "b", "b", "c", "c"]
ENDS = list(combinations(range(6), 2))
GENUINE = {(0, 1): 0.1, (2, 3): 0.3, (4, 5): float("inf")}
DISTANCES = [GENUINE.get(pair, 0.2 if pair == (0, 2) else 0.9) for pair in ENDS]


def test_rates_at_the_tolerance() -> None:
    pairs = all_pairs(OWNERS, DISTANCES)
    assert (int(pairs.genuine.sum()), int((~pairs.genuine).sum()), pairs.people) == (3, 12, 3)
    found = figures(pairs, 0.5)
    assert found["fmr"] == pytest.approx(1 / 12, abs=1e-6)
    assert found["fnmr"] == pytest.approx(1 / 3, abs=1e-6)  # the image that could not be acquired
    # No impostor may pass at 1e-2 of twelve, so the threshold lies below 0.2.
    assert found["tar_at_fmr_1e2"] == pytest.approx(1 / 3, abs=1e-6)
    low, high = found["tar_bounds"]["1e3"]
    assert 0 <= low <= found["tar_at_fmr_1e3"] <= high <= 1


def test_a_distance_that_is_no_number_is_a_non_match() -> None:
    assert figures(all_pairs(OWNERS, [float("nan")] * 15), 2.0)["fnmr"] == 1.0


@pytest.mark.parametrize(
    ("hits", "tries", "expected"),
    [(0, 100, 1 - 0.05 ** (1 / 100)), (0, 58, 0.0503), (100, 100, 1.0), (1, 10, 0.3942), (10, 100, 0.1637)],
)
def test_upper_bound_of_a_rate(hits: int, tries: int, expected: float) -> None:
    assert clopper_pearson_upper(hits, tries) == pytest.approx(expected, abs=2e-4)


def test_the_threshold_of_a_fold_comes_from_the_others() -> None:
    same = np.array([True, False] * 4)
    folds = np.array([0] * 4 + [1] * 4)
    # Each fold parts its own pairs perfectly, but 0.5 apart from the other one.
    distances = np.array([0.1, 0.3, 0.1, 0.3, 0.6, 0.8, 0.6, 0.8])
    found = pair_protocol(distances, same, folds)
    assert (found["pairs"], found["accuracy"], found["se"]) == (8, 0.5, 0.0)
    assert pair_protocol(np.array([0.1, 0.9] * 4), same, folds)["accuracy"] == 1.0


def test_an_official_pairs_file_is_read() -> None:
    text = "2\t1\nAna\t1\t2\nAna\t1\tBen\t3\nBen\t1\t2\nBen\t1\tCle\t12\n"
    assert _official_pairs(text) == [
        ("Ana/Ana_0001.jpg", "Ana/Ana_0002.jpg", True, 0),
        ("Ana/Ana_0001.jpg", "Ben/Ben_0003.jpg", False, 0),
        ("Ben/Ben_0001.jpg", "Ben/Ben_0002.jpg", True, 1),
        ("Ben/Ben_0001.jpg", "Cle/Cle_0012.jpg", False, 1),
    ]
