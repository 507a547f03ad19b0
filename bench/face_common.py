"""What faces have in common, and a threshold for it 群体共性: `python -m bench.face_common --face <folder>`.

FACE holds `<person>/<image>` of the people served. Of each pair, one image is the photo and the
other a frame, both ways. Prints, by threshold, what a matcher would do that takes the common
direction of all *other* people out of a pair (so that no pair judges a direction it helped to find), with 95 % bounds by
drawing the people anew; then the direction of all people, for `common` in config/face_calibration.toml.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.face import CALIBRATION
from bench.face_figures import Pairs, Values, all_pairs, clopper_pearson_upper
from bench.face_images import described, images_of, shipped_way
from runtime.cli.fetch_models import MODELS_DIR, fetch
from services.face.adapters import mobilefacenet
from services.face.engine.calibration import Calibration, load_calibration

DRAWS = 600
THRESHOLDS = (0.90, 0.92, 0.94, 0.96, 0.98, 0.99, 1.00, 1.01, 1.02, 1.03, 1.04, 1.05)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description="the common direction of the people served")
    parser.add_argument("--face", type=Path, required=True, help="folder of <person>/<image>")
    paths = images_of(parser.parse_args(argv).face)
    fetch()
    calibration = load_calibration(CALIBRATION)
    way = shipped_way(MODELS_DIR, calibration, common=())
    faces = described(way, paths)
    known = [path for path in paths if faces[path] is not None]
    photos = np.array([faces[path].photo for path in known])
    frames = np.array([faces[path].frame for path in known])
    owners = [path.parent.name for path in known]
    pairs = all_pairs(owners, [0.0] * (len(known) * (len(known) - 1) // 2))
    cut = mobilefacenet.LENGTH
    means = _means(photos[:, :cut], owners)
    voice = _second_voice(photos[:, cut:], calibration)
    for name, left in (("whole", None), ("common taken out", _others(pairs, means))):
        both_ways = [
            Pairs(
                _distances(one[:, :cut], other[:, :cut], left) + voice, pairs.one, pairs.other, pairs.people
            )
            for one, other in ((photos, frames), (frames, photos))
        ]
        _table(name, both_ways)
    common = means.mean(axis=0)
    print(f"length of the mean: {np.linalg.norm(common):.3f}")
    print("common = [" + ", ".join(f"{part:.4f}" for part in common / np.linalg.norm(common)) + "]")
    return 0


def _means(near: Values, owners: list[str]) -> Values:
    """The mean descriptor of each person, so that none counts more for more pictures."""
    people = sorted(set(owners))
    return np.array([near[[owner == name for owner in owners]].mean(axis=0) for name in people])


def _ends(count: int) -> tuple[np.ndarray, np.ndarray]:
    return np.triu_indices(count, 1)


def _distances(first: Values, second: Values, direction: Values | None) -> Values:
    """Of all pairs, a direction of its own taken out of each when one is given."""
    one, other = _ends(len(first))
    if direction is None:
        return np.linalg.norm(first[one] - second[other], axis=1)
    return np.linalg.norm(_rest(first[one], direction) - _rest(second[other], direction), axis=1)


def _rest(faces: Values, direction: Values) -> Values:
    left = faces - (faces * direction).sum(axis=1, keepdims=True) * direction
    return left / np.linalg.norm(left, axis=1, keepdims=True)


def _others(pairs: Pairs, means: Values) -> Values:
    """For each pair the direction that everybody else has in common."""
    others = means.sum(axis=0) - means[pairs.one] - np.where(pairs.genuine[:, None], 0, means[pairs.other])
    return others / np.linalg.norm(others, axis=1, keepdims=True)


def _second_voice(far: Values, calibration: Calibration) -> Values:
    beyond = np.maximum(0.0, _distances(far, far, None) - calibration.fusion.second_from)
    return calibration.fusion.second_weight * beyond


def _table(name: str, ways: Sequence[Pairs]) -> None:
    print(
        f"{name}: threshold, FMR % (Clopper-Pearson, people), FNMR % (people); mean of both ways, worse bound"
    )
    for threshold in THRESHOLDS:
        rows = np.array([_rates(pairs, threshold) for pairs in ways]) * 100
        fmr, fnmr = rows[:, 0].mean(), rows[:, 3].mean()
        upper, fmr_people, fnmr_people = rows[:, 1].max(), rows[:, 2].max(), rows[:, 4].max()
        print(
            f"  {threshold:.2f}  {fmr:.3f} (<= {upper:.3f}, {fmr_people:.3f})  {fnmr:.2f} (<= {fnmr_people:.2f})"
        )


def _rates(pairs: Pairs, threshold: float) -> tuple[float, ...]:
    """FMR, its bound, its bound by people, FNMR, its bound by people."""
    genuine, accepted = pairs.genuine, pairs.distances <= threshold
    false, tries = int((accepted & ~genuine).sum()), int((~genuine).sum())
    fmr, fnmr = _drawn(pairs, accepted)
    refused = float((~accepted & genuine).sum() / genuine.sum())
    return false / tries, clopper_pearson_upper(false, tries), fmr, refused, fnmr


def _drawn(pairs: Pairs, accepted: np.ndarray) -> tuple[float, float]:
    """Both rates that only one in twenty draws of as many people exceeds."""
    draw, genuine = np.random.default_rng(33), pairs.genuine
    rates = []
    for _ in range(DRAWS):
        times = np.bincount(draw.integers(0, pairs.people, pairs.people), minlength=pairs.people)
        weights = np.where(genuine, times[pairs.one], times[pairs.one] * times[pairs.other]).astype(float)
        false = weights[accepted & ~genuine].sum() / weights[~genuine].sum()
        rates.append((false, weights[~accepted & genuine].sum() / weights[genuine].sum()))
    fmr, fnmr = np.quantile(np.array(rates), 0.95, axis=0)
    return float(fmr), float(fnmr)


if __name__ == "__main__":
    raise SystemExit(main())
