"""Figures of a matcher 比对指标: rates, their bounds, and the official pair protocol. Distances; smaller is nearer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import isfinite, lgamma
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
DRAWS = 1000
RATES = {"1e2": 1e-2, "1e3": 1e-3}


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Distances of all unordered pairs, with the people of each; infinite where an image could not be acquired."""

    distances: Values
    one: NDArray[np.int64]
    other: NDArray[np.int64]
    people: int

    @property
    def genuine(self) -> NDArray[np.bool_]:
        """Which pairs are of one person."""
        same: NDArray[np.bool_] = self.one == self.other
        return same


def all_pairs(owners: list[str], distances: list[float]) -> Pairs:
    """Pairs in the order of `itertools.combinations` over the images."""
    numbers = {name: number for number, name in enumerate(sorted(set(owners)))}
    places = np.array([numbers[name] for name in owners], np.int64)
    ends = np.array(list(combinations(range(len(owners)), 2)), np.int64).reshape(-1, 2)
    values = np.array([value if isfinite(value) else np.inf for value in distances])
    return Pairs(values, places[ends[:, 0]], places[ends[:, 1]], len(numbers))


def figures(pairs: Pairs, tolerance: float) -> dict[str, Any]:
    """The block of one matcher: what it accepts at its tolerance, and at thresholds set on this very data."""
    genuine = pairs.genuine
    accepted = pairs.distances <= tolerance
    false_matches, impostors = int((accepted & ~genuine).sum()), int((~genuine).sum())
    everyone = np.ones(len(genuine))
    bounds = _bounds(pairs)
    return {
        **{f"tar_at_fmr_{name}": _rounded(_tar(pairs, everyone, rate)) for name, rate in RATES.items()},
        "tar_bounds": {name: bounds[name] for name in RATES},
        "threshold": tolerance,
        "fmr": _rounded(false_matches / impostors if impostors else 0.0),
        "fmr_upper95": _rounded(clopper_pearson_upper(false_matches, impostors)),
        "fnmr": _rounded(float((~accepted & genuine).sum()) / max(int(genuine.sum()), 1)),
    }


def clopper_pearson_upper(hits: int, tries: int, error: float = 0.05) -> float:
    """The one-sided upper bound: the rate at which so few hits would come in only `error` of all cases."""
    if hits >= tries:
        return 1.0
    counts = np.arange(hits + 1)
    factors = np.array([lgamma(tries + 1) - lgamma(k + 1) - lgamma(tries - k + 1) for k in counts])
    low, high = hits / tries, 1.0
    for _ in range(80):
        middle = (low + high) / 2
        terms = factors + counts * np.log(middle) + (tries - counts) * np.log1p(-middle)
        low, high = (middle, high) if float(np.exp(terms).sum()) > error else (low, middle)
    return high


def pair_protocol(distances: Values, same: NDArray[np.bool_], folds: NDArray[np.int64]) -> dict[str, Any]:
    """Mean accuracy over the folds, the threshold of each taken from the others, and its standard error."""
    results = []
    for fold in np.unique(folds):
        test = folds == fold
        train = ~test if (~test).any() else test
        threshold = _best_threshold(distances[train], same[train])
        results.append(float(((distances[test] <= threshold) == same[test]).mean()))
    spread = float(np.std(results, ddof=1)) if len(results) > 1 else 0.0
    error = spread / len(results) ** 0.5 if results else 0.0
    mean = float(np.mean(results)) if results else 0.0
    return {"pairs": len(same), "accuracy": _rounded(mean), "se": _rounded(error), "folds": len(results)}


def _tar(pairs: Pairs, weights: Values, rate: float) -> float:
    """Share of genuine weight under the largest threshold whose false matches stay within the rate."""
    genuine = pairs.genuine
    order = np.argsort(pairs.distances[~genuine])
    far, heavy = pairs.distances[~genuine][order], weights[~genuine][order]
    over = np.flatnonzero(np.cumsum(heavy) > rate * heavy.sum())
    limit = far[over[0]] if len(over) else np.inf
    total = weights[genuine].sum()
    return float(weights[genuine][pairs.distances[genuine] < limit].sum() / total) if total else 0.0


def _bounds(pairs: Pairs) -> dict[str, list[float]]:
    """95 % bounds by drawing people anew; the pair of one person drawn twice is no impostor pair."""
    draw = np.random.default_rng(33)
    found: dict[str, list[float]] = {name: [] for name in RATES}
    for _ in range(DRAWS if pairs.people > 1 else 0):
        times = np.bincount(draw.integers(0, pairs.people, pairs.people), minlength=pairs.people)
        weights = np.where(pairs.genuine, times[pairs.one], times[pairs.one] * times[pairs.other])
        for name, rate in RATES.items():
            found[name].append(_tar(pairs, weights.astype(np.float64), rate))
    return {
        name: [_rounded(float(value)) for value in np.quantile(values, [0.025, 0.975])] if values else []
        for name, values in found.items()
    }


def _best_threshold(distances: Values, same: NDArray[np.bool_]) -> float:
    """The middle of the thresholds that part most pairs rightly."""
    order = np.argsort(distances)
    sorted_distances, sorted_same = distances[order], same[order]
    right = np.concatenate([[0], np.cumsum(np.where(sorted_same, 1, -1))])
    best = np.flatnonzero(right == right.max())
    place = int(best[len(best) // 2])
    if place == 0:
        return float(np.nextafter(sorted_distances[0], -np.inf))
    upper = sorted_distances[min(place, len(sorted_distances) - 1)]
    lower = sorted_distances[place - 1]
    return float((lower + upper) / 2) if np.isfinite(upper) else float(lower)


def _rounded(value: float) -> float:
    return round(value, 6)
