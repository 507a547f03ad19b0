"""Is it the same person throughout, and the person of the photo 人证比对."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from services.face.engine.actions import Run
from services.face.engine.calibration import Calibration
from services.face.engine.signals import Moment
from services.face.engine.types import Descriptor, Matcher, Pixels


@dataclass(frozen=True, slots=True)
class Likeness:
    """Distances found: to the photo, between the frontal frames, of the action frames."""

    to_photo: float
    frontal: float
    actions: float

    def faults(self, limits: Calibration) -> list[str]:
        """Reason codes; every comparison is written so that NaN refuses."""
        same = self.frontal <= limits.match.same_frontal and self.actions <= limits.match.same_action
        if not same:
            return ["liveness.person_changed"]
        return [] if self.to_photo <= limits.match.tolerance else ["match.other_person"]


def likeness(
    moments: Sequence[Moment],
    runs: Sequence[Run],
    pictures: Sequence[Pixels],
    photo: Descriptor,
    matcher: Matcher,
    limits: Calibration,
) -> Likeness | None:
    """Compare a few frames with the photo and with each other; None when no frame looks at the camera."""

    def describe(moment: Moment) -> Descriptor:
        return matcher.describe(pictures[moment.look.picture], moment.look.points)

    frontal = [describe(moment) for moment in frontal_moments(moments, limits)]
    if not frontal:
        return None
    acting = [describe(_mildest(run)) for run in runs]
    return Likeness(
        to_photo=_middle([matcher.distance(photo, face) for face in frontal]),
        frontal=_worst([matcher.distance(frontal[0], face) for face in frontal[1:]]),
        actions=_worst([_nearest(matcher, face, frontal) for face in acting]),
    )


def frontal_moments(moments: Sequence[Moment], limits: Calibration) -> list[Moment]:
    """The sharpest restful frontal frame of each part of the session."""
    good = [m for m in moments if m.at_rest(limits.pose.onset) and _frontal(m, limits)]
    if not good:
        return []
    parts = min(limits.match.frontal_frames, len(good))
    bounds = [round(len(good) * part / parts) for part in range(parts + 1)]
    return [max(good[start:end], key=lambda m: m.look.sharpness) for start, end in pairwise(bounds)]


def _frontal(moment: Moment, limits: Calibration) -> bool:
    return max(abs(moment.yaw), abs(moment.pitch)) <= limits.pose.frontal


def _mildest(run: Run) -> Moment:
    """The frame inside the action that is least distorted by it."""
    return min(run.moments, key=lambda moment: moment.strengths[run.kind])


def _nearest(matcher: Matcher, face: Descriptor, others: Sequence[Descriptor]) -> float:
    distances = [matcher.distance(face, other) for other in others]
    return math.nan if any(math.isnan(value) for value in distances) else min(distances)


def _worst(distances: Sequence[float]) -> float:
    return math.nan if any(math.isnan(value) for value in distances) else max(distances, default=0.0)


def _middle(distances: Sequence[float]) -> float:
    return math.nan if any(math.isnan(value) for value in distances) else median(distances)
