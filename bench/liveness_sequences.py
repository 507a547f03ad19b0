"""What every detector makes of a sequence of pictures 活体测量: the attacker may show them in any order, at any pace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from services.face.challenge import ACTION_COUNT, CHECKED_IN_DEPTH
from services.face.engine import quality
from services.face.engine.actions import runs_of
from services.face.engine.calibration import Calibration
from services.face.engine.images import BadImage, decode_jpeg
from services.face.engine.signals import ACTIONS, Look, Moment, Neutral, moment_of, neutral_of
from services.face.engine.types import Analyser, Kind, Pixels, Sighting

MOST_RESTS = 30
FRAME_MS = 50
Pad = Callable[[Pixels, Sighting], float]
"""A passive check of one picture: 1 is its threshold, and what reaches it is taken for alive."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A sequence as the judge sees it: its usable pictures, and what each passive check says of them."""

    name: str
    pictures: int
    looks: list[Look]
    alive: Mapping[str, list[float]]

    def taken_for_alive(self, pad: str) -> bool:
        """Half of the pictures or more look alive to this passive check."""
        scores = self.alive[pad]
        return bool(scores) and float(np.median(scores)) >= 1


def sequences(folder: Path) -> list[Path]:
    """Folders that hold pictures."""
    found = [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    return sorted(path for path in found if any(path.glob("*.jpg")))


def seen(folder: Path, analyser: Analyser, pads: Mapping[str, Pad], limits: Calibration) -> Seen:
    """Look at every picture; those that the judge would not use are left out."""
    looks: list[Look] = []
    alive: dict[str, list[float]] = {name: [] for name in pads}
    paths = sorted(folder.glob("*.jpg"))
    for place, path in enumerate(paths):
        try:
            rgb = decode_jpeg(path.read_bytes())
        except BadImage:
            continue
        sighting = analyser.look(rgb, lids=True)
        if quality.fault(rgb, sighting, limits.quality) or sighting.points is None or sighting.lids is None:
            continue
        lid = sum(sighting.lids) / 2
        grey = quality.face_grey(rgb, sighting.faces[0])
        looks.append(Look(place * FRAME_MS, 0, place, sighting.points, lid, quality.sharpness(grey)))
        for name, pad in pads.items():
            alive[name].append(pad(rgb, sighting))
    return Seen(folder.name, len(paths), looks, alive)


@dataclass(frozen=True, slots=True)
class Best:
    """The most an attacker gets out of a sequence: each action's strongest frame, and the actions he can combine."""

    strongest: Mapping[Kind, float]
    together: int
    in_depth: bool

    @property
    def answers(self) -> bool:
        """Some challenge could be answered: three actions against one rest, one of them checked in depth."""
        return self.together >= ACTION_COUNT and self.in_depth


def best_of(sequence: Seen, limits: Calibration) -> Best:
    """Every frame against every rest; one frame is enough for an action, for it can be held or shown again."""
    strongest = dict.fromkeys(ACTIONS, 0.0)
    together, in_depth = 0, False
    for neutral in _rests(sequence.looks, limits):
        moments = [moment_of(look, neutral, limits) for look in sequence.looks]
        most = {kind: max(moment.strengths[kind] for moment in moments) for kind in ACTIONS}
        strongest = {kind: max(strongest[kind], most[kind]) for kind in ACTIONS}
        shown = {kind for kind, value in most.items() if value >= 1}
        if len(shown) > together:
            together, in_depth = len(shown), bool(shown & CHECKED_IN_DEPTH)
    return Best(strongest, together, in_depth)


def _rests(looks: Sequence[Look], limits: Calibration) -> Iterator[Neutral]:
    """Every rest the attacker may begin with: one picture held still, or pictures on end."""
    least = int(limits.pose.base_frames_least)
    step = max(1, len(looks) // MOST_RESTS)
    for place in range(0, len(looks), step):
        for group in ([looks[place]] * least, looks[place : place + least]):
            neutral = neutral_of(group, limits) if len(group) == least else None
            if neutral is not None:
                yield neutral


def blinks(sequence: Seen, limits: Calibration) -> int:
    """How often a living person is seen to blink, against the rest of the whole sequence: no generosity here."""
    neutral = neutral_of(sequence.looks, limits)
    if neutral is None:
        return 0
    moments: list[Moment] = [moment_of(look, neutral, limits) for look in sequence.looks]
    return len(runs_of("blink", moments, limits))
