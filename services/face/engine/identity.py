"""Is it the same person throughout, and the person of the photo 人证比对."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median

from services.face.engine.actions import Run
from services.face.engine.calibration import Calibration
from services.face.engine.signals import Moment
from services.face.engine.types import Descriptor, Matcher, Pixels


@dataclass(frozen=True, slots=True, eq=False)
class Company:
    """Who was before the camera: frontal faces at rest, how far faces at rest and in action lie from each other."""

    frontal: tuple[Descriptor, ...]
    resting: float
    actions: float

    def changed(self, limits: Calibration) -> bool:
        """More than one person; written so that NaN says yes."""
        return not (self.resting <= limits.match.same_frontal and self.actions <= limits.match.same_action)

    def distance_to(self, photo: Descriptor, matcher: Matcher) -> float:
        """The median distance of the frontal faces to the photo; NaN when one cannot be known, or there is none."""
        return _middle([matcher.distance(photo, face) for face in self.frontal])


def company(
    moments: Sequence[Moment],
    runs: Sequence[Run],
    pictures: Sequence[Pixels],
    matcher: Matcher,
    limits: Calibration,
) -> Company:
    """Compare frames of every rest and every action with each other.

    `runs` are the answers found. A session that answers nothing is compared all the same, for a change of faces
    spoils every other measure.
    """

    def describe(moment: Moment) -> Descriptor:
        return matcher.describe(pictures[moment.look.picture], moment.look.points)

    watched = [(moment, describe(moment)) for moment in watched_moments(moments, runs, limits)]
    faces = [face for _, face in watched]
    return Company(
        frontal=tuple(face for moment, face in watched if _frontal(moment, limits)),
        resting=_spread(matcher, faces),
        actions=_worst([_nearest(matcher, describe(_mildest(run)), faces) for run in runs]),
    )


def watched_moments(moments: Sequence[Moment], runs: Sequence[Run], limits: Calibration) -> list[Moment]:
    """From every prompt that no run answers, and from the last one, its first and last frame and some between.

    So nobody can step in between two actions or behind the last one. Frames of an answer are left to it, if they are
    not the last of a rest. Against one face's rest another's acts all the time, so a prompt that begins or ends with
    acting is watched there too, where it is mildest: a face in full action is far from itself.
    """
    answered = {run.peak[-1].look.prompt for run in runs}
    taken = {moment.look.picture for run in runs for moment in run.moments}
    watched: list[Moment] = []
    for prompt, grouped in groupby(moments, key=lambda moment: moment.look.prompt):
        group = list(grouped)
        free = [moment for moment in group[:-1] if moment.look.picture not in taken]
        if prompt not in answered:
            watched += _watched([*free, group[-1]], limits)
        elif group[-1] is moments[-1]:
            watched += _watched(free, limits)[-1:]
    return watched


def _watched(group: Sequence[Moment], limits: Calibration) -> list[Moment]:
    stretches = [(acts, list(stretch)) for acts, stretch in groupby(group, key=_acts)]
    calm = [moment for acts, stretch in stretches if not acts for moment in stretch]
    ends = [stretches[0], *stretches[1:][-1:]]
    mildest = [min(stretch, key=_effort) for acts, stretch in ends if acts]
    chosen = [*_spread_out(calm, limits.match.frontal_frames), *mildest]
    return sorted(chosen, key=lambda moment: moment.look.at_ms)


def _effort(moment: Moment) -> float:
    """The strongest action; falling lids change a face little."""
    return max(value for kind, value in moment.strengths.items() if kind != "blink")


def _acts(moment: Moment) -> bool:
    return _effort(moment) >= 1


def _spread_out(group: Sequence[Moment], most: int) -> list[Moment]:
    """At most so many of the group, at even distances, its ends among them."""
    if len(group) <= most or most < 2:
        return list(group[:most])
    places = sorted({round(place * (len(group) - 1) / (most - 1)) for place in range(most)})
    return [group[place] for place in places]


def _frontal(moment: Moment, limits: Calibration) -> bool:
    restful = moment.at_rest(limits.pose.onset)
    return restful and max(abs(moment.yaw), abs(moment.pitch)) <= limits.pose.frontal


def _spread(matcher: Matcher, faces: Sequence[Descriptor]) -> float:
    """How far the farthest face lies from the one in the middle of them all."""
    reach = [_worst([matcher.distance(one, other) for other in faces]) for one in faces]
    return math.nan if any(math.isnan(value) for value in reach) else min(reach, default=math.nan)


def _mildest(run: Run) -> Moment:
    """The frame inside the action that is least distorted by it."""
    return min(run.moments, key=lambda moment: moment.strengths[run.kind])


def _nearest(matcher: Matcher, face: Descriptor, others: Sequence[Descriptor]) -> float:
    distances = [matcher.distance(face, other) for other in others]
    return math.nan if any(math.isnan(value) for value in distances) else min(distances, default=math.nan)


def _worst(distances: Sequence[float]) -> float:
    return math.nan if any(math.isnan(value) for value in distances) else max(distances, default=0.0)


def _middle(distances: Sequence[float]) -> float:
    unknown = not distances or any(math.isnan(value) for value in distances)
    return math.nan if unknown else median(distances)
