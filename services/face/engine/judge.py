"""The verdict on a face session 人脸核验判定: stage by stage, closed at the first stage that fails."""

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.face.engine import colours, quality
from services.face.engine.actions import Run, Shown, liveness_faults
from services.face.engine.calibration import Calibration
from services.face.engine.identity import Company, company
from services.face.engine.images import REFERENCE_LIMITS, BadImage, decode_jpeg
from services.face.engine.replay import picture_hash
from services.face.engine.signals import Look, Moment, moment_of, neutral_of
from services.face.engine.template import is_template, pack, unpack
from services.face.engine.timeline import course_faults, is_frozen, shown_at
from services.face.engine.types import Analyser, Descriptor, Frame, Matcher, Pixels, Prompt, Verdict


class _Refused(Exception):
    """A stage refused; carries its reason codes."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(*reasons)
        self.reasons = tuple(dict.fromkeys(reasons))


@dataclass(frozen=True, slots=True)
class _Bench:
    """What every stage needs."""

    frames: Sequence[Frame]
    prompts: Sequence[Prompt]
    analyser: Analyser
    matcher: Matcher
    limits: Calibration
    scores: dict[str, float]
    picture_hashes: list[str]
    templates: list[bytes]


def judge(
    frames: Sequence[Frame],
    prompts: Sequence[Prompt],
    reference_jpeg: bytes,
    analyser: Analyser,
    matcher: Matcher,
    calibration: Calibration,
) -> Verdict:
    """Decide a session from its frames, its prompts and the authority's photo."""
    bench = _Bench(frames, prompts, analyser, matcher, calibration, {"frames": float(len(frames))}, [], [])
    try:
        _run_stages(bench, reference_jpeg)
        reasons: tuple[str, ...] = ()
    except _Refused as refusal:
        reasons = refusal.reasons or ("face.engine_failed",)
    return Verdict(
        passed=not reasons,
        reasons=reasons,
        scores={name: round(value, 4) for name, value in bench.scores.items() if math.isfinite(value)},
        models=_models(bench),
        frame_hashes=tuple(hashlib.sha256(frame.jpeg).hexdigest() for frame in frames),
        picture_hashes=tuple(bench.picture_hashes),
        template=b"" if reasons else b"".join(bench.templates),
    )


def _run_stages(bench: _Bench, reference_jpeg: bytes) -> None:
    _refuse_if(course_faults(bench.frames, bench.prompts, bench.limits.timing))
    pictures = _decode(bench.frames)
    bench.picture_hashes.extend(picture_hash(rgb).hex() for rgb in pictures)
    if is_frozen(pictures, bench.frames, bench.limits.timing):
        raise _Refused("liveness.frozen")
    shown = [Shown(prompt, shown_at(bench.frames, prompt)) for prompt in bench.prompts]
    looks = _looks(bench, pictures, shown)
    _score_colours(bench, looks, pictures)
    moments = _moments(bench, looks, shown)
    faults, runs = liveness_faults(shown, moments, bench.limits)
    _score_moments(bench, moments, runs)
    found = company(moments, runs, pictures, bench.matcher, bench.limits)
    bench.scores["frontal_distance"] = found.resting
    bench.scores["action_distance"] = found.actions
    if found.changed(bench.limits):  # first: against the rest of one face, another seems to act
        raise _Refused("liveness.person_changed")
    _refuse_if(faults)
    _match(bench, found, _photo(bench, reference_jpeg))


def _refuse_if(faults: Sequence[str]) -> None:
    if faults:
        raise _Refused(*faults)


def _decode(frames: Sequence[Frame]) -> list[Pixels]:
    try:
        return [decode_jpeg(frame.jpeg) for frame in frames]
    except BadImage as problem:
        raise _Refused(problem.code) from problem


def _looks(bench: _Bench, pictures: Sequence[Pixels], shown: Sequence[Shown]) -> list[Look]:
    """Usable frames; refuses when too many are not."""
    faults: Counter[str] = Counter()
    looks = []
    for place, (frame, rgb) in enumerate(zip(bench.frames, pictures, strict=True)):
        seen = bench.analyser.look(rgb, lids=_needs_lids(frame, shown, bench.limits))
        problem = quality.fault(rgb, seen, bench.limits.quality)
        if problem or seen.points is None:
            faults[problem or "face.none"] += 1
            continue
        lid = sum(seen.lids) / 2 if seen.lids else math.nan
        grey = quality.face_grey(rgb, seen.faces[0])
        looks.append(Look(frame.at_ms, frame.prompt, place, seen.points, lid, quality.sharpness(grey)))
    limits = bench.limits.quality
    share = sum(faults.values()) / len(bench.frames)
    bench.scores["faulty_share"] = share
    if faults["face.multiple"] > limits.most_double_frames:
        raise _Refused("face.multiple")
    if not share <= limits.most_faulty_share:
        raise _Refused(faults.most_common(1)[0][0])
    return looks


def _needs_lids(frame: Frame, shown: Sequence[Shown], limits: Calibration) -> bool:
    """Lids matter under a blink prompt and where the member is measured at rest."""
    return shown[frame.prompt].prompt.kind == "blink" or _is_before_action(
        frame.at_ms, frame.prompt, shown, limits
    )


def _is_before_action(at_ms: int, prompt: int, shown: Sequence[Shown], limits: Calibration) -> bool:
    """The member waits: under a neutral prompt, or has not yet had time to react to the first one."""
    if prompt != 0:
        return False
    return shown[0].prompt.kind == "neutral" or at_ms < shown[0].at_ms + 3 * limits.timing.reaction_ms


def _moments(bench: _Bench, looks: Sequence[Look], shown: Sequence[Shown]) -> list[Moment]:
    rest = [look for look in looks if _is_before_action(look.at_ms, look.prompt, shown, bench.limits)]
    neutral = neutral_of(rest, bench.limits)
    if neutral is None:
        raise _Refused("face.not_frontal")
    return [moment_of(look, neutral, bench.limits) for look in looks]


def _photo(bench: _Bench, reference_jpeg: bytes) -> Descriptor:
    """Descriptor of the authority's photo: exactly one face; or the one kept of an earlier photo."""
    if is_template(reference_jpeg):
        kept = unpack(reference_jpeg, bench.matcher.models)
        if kept is None:
            raise _Refused("match.no_reference")
        return kept
    try:
        rgb = decode_jpeg(reference_jpeg, REFERENCE_LIMITS)
    except BadImage as problem:
        raise _Refused("match.no_reference") from problem
    seen = bench.analyser.look(rgb, lids=False)
    if seen.points is None or quality.is_double(seen, bench.limits.quality):
        raise _Refused("match.no_reference")
    descriptor = bench.matcher.describe_photo(rgb, seen.points)
    bench.templates.append(pack(descriptor, bench.matcher.models))
    return descriptor


def _match(bench: _Bench, found: Company, photo: Descriptor) -> None:
    if not found.frontal:
        raise _Refused("face.not_frontal")
    distance = found.distance_to(photo, bench.matcher)
    bench.scores["match_distance"] = distance
    if not distance <= bench.limits.match.tolerance:
        raise _Refused("match.other_person")


def _score_colours(bench: _Bench, looks: Sequence[Look], pictures: Sequence[Pixels]) -> None:
    for prompt in bench.prompts:
        if prompt.colours:
            seen = [
                colours.glance(look.at_ms, pictures[look.picture], look.points)
                for look in looks
                if look.prompt == prompt.index
            ]
            bench.scores["colour_echo"] = colours.echo(seen, prompt.colours, prompt.start_ms, prompt.hold_ms)


def _score_moments(bench: _Bench, moments: Sequence[Moment], runs: Sequence[Run]) -> None:
    for run in runs:
        bench.scores[run.kind] = run.strength
    bench.scores["yaw_most"] = max((moment.yaw for moment in moments), default=math.nan)
    bench.scores["yaw_least"] = min((moment.yaw for moment in moments), default=math.nan)
    bench.scores["flat_most"] = max((moment.flat for moment in moments), default=math.nan)


def _models(bench: _Bench) -> Mapping[str, str]:
    return {
        **bench.analyser.models,
        **bench.matcher.models,
        "calibration": f"{bench.limits.version}:{bench.limits.sha256}",
    }
