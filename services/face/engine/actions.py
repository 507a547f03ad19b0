"""Did the member do what was asked, when it was asked 动作判定."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.face.engine.calibration import Calibration
from services.face.engine.signals import ACTIONS, Moment
from services.face.engine.types import Kind, Prompt


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Moments on end in which one action shows: from its onset to its end, with its peak."""

    kind: Kind
    moments: tuple[Moment, ...]
    peak: tuple[Moment, ...]

    @property
    def began_ms(self) -> int:
        """Time of the first moment that shows the action."""
        return self.moments[0].look.at_ms

    @property
    def strength(self) -> float:
        """The strongest moment."""
        return max(moment.strengths[self.kind] for moment in self.moments)


@dataclass(frozen=True, slots=True)
class Shown:
    """When a prompt came into the member's sight."""

    prompt: Prompt
    at_ms: int


def runs_of(kind: Kind, moments: Sequence[Moment], limits: Calibration) -> list[Run]:
    """Every complete showing of an action in the whole session."""
    groups: list[list[Moment]] = []
    growing = False
    for moment in moments:
        showing = moment.strengths[kind] >= limits.pose.onset
        if showing and growing:
            groups[-1].append(moment)
        elif showing:
            groups.append([moment])
        growing = showing
    runs = [Run(kind, tuple(group), tuple(m for m in group if m.strengths[kind] >= 1)) for group in groups]
    return [run for run in runs if len(run.peak) >= _least_frames(kind, limits)]


def answer_to(shown: Shown, moments: Sequence[Moment], limits: Calibration) -> tuple[Run | None, str | None]:
    """The run that answers a prompt, or the reason code why none does."""
    kind = shown.prompt.kind
    runs = [r for r in runs_of(kind, moments, limits) if any(_under(m, shown) for m in r.peak)]
    if not runs:
        return None, f"liveness.no_{kind}"
    timely = [run for run in runs if run.began_ms >= shown.at_ms + limits.timing.reaction_ms]
    if not timely:
        return None, "liveness.too_early"
    return max(timely, key=lambda run: run.strength), None


def is_unrequested(run: Run, shown: Sequence[Shown], limits: Calibration) -> bool:
    """A showing of an action that nobody asked for; lids fall by nature and are never counted."""
    if run.kind == "blink":
        return False
    strong = [moment for moment in run.peak if moment.strengths[run.kind] >= limits.pose.stray]
    stray = [moment for moment in strong if not _wanted(moment, run, shown, limits)]
    return len(stray) >= _least_frames(run.kind, limits)


def rest_between(one: Run, other: Run, moments: Sequence[Moment], limits: Calibration) -> bool:
    """The member came to rest between two answers."""
    start, end = one.peak[-1].look.at_ms, other.peak[0].look.at_ms
    return any(start < m.look.at_ms < end and m.at_rest(limits.pose.onset) for m in moments)


def liveness_faults(
    shown: Sequence[Shown], moments: Sequence[Moment], limits: Calibration
) -> tuple[list[str], list[Run]]:
    """Reason codes, and the runs that answer the prompts."""
    answers = [answer_to(item, moments, limits) for item in shown if item.prompt.kind != "neutral"]
    faults = [fault for _, fault in answers if fault]
    runs = [run for run, _ in answers if run]
    stray = (run for kind in ACTIONS for run in runs_of(kind, moments, limits))
    if any(is_unrequested(run, shown, limits) for run in stray):
        faults.append("liveness.wrong_order")
    if not all(rest_between(one, other, moments, limits) for one, other in pairwise(runs)):
        faults.append("liveness.no_rest")
    return list(dict.fromkeys(faults)), runs


def _wanted(moment: Moment, run: Run, shown: Sequence[Shown], limits: Calibration) -> bool:
    place = moment.look.prompt
    asked = shown[place].prompt.kind
    if asked == run.kind:
        return True
    if asked != "neutral" and moment.strengths[asked] >= limits.pose.onset:
        return True  # a strong answer to the prompt may carry something else with it
    former = place > 0 and shown[place - 1].prompt.kind == run.kind
    return former and run.began_ms < shown[place].at_ms + limits.timing.settle_ms


def _under(moment: Moment, shown: Shown) -> bool:
    return moment.look.prompt == shown.prompt.index


def _least_frames(kind: Kind, limits: Calibration) -> int:
    if kind == "blink":
        return limits.blink.frames
    if kind == "open_mouth":
        return limits.mouth.frames
    return limits.nod.frames if kind == "nod" else limits.turn.frames
