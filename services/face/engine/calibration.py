"""Thresholds of the face check 人脸阈值, read from config/face_calibration.toml."""

import hashlib
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
FUSED, FACE_RECOGNITION = "fused", "face_recognition"
MATCHERS = (FUSED, FACE_RECOGNITION)


@dataclass(frozen=True, slots=True)
class Quality:
    """Limits on a single picture."""

    most_faulty_share: float
    most_double_frames: int
    double_score: float
    double_width: float
    presence: float
    face_width_least: float
    face_width_most: float
    edge_slack: float
    dark: float
    bright: float
    sharpness: float


@dataclass(frozen=True, slots=True)
class Timing:
    """Limits on the course of a session."""

    least_frames_per_s: float
    longest_gap_ms: int
    most_frames: int
    early_slack_ms: int
    late_slack_ms: int
    reaction_ms: int
    settle_ms: int
    frozen_difference: float
    frozen_run: int
    frozen_share: float


@dataclass(frozen=True, slots=True)
class Pose:
    """What counts as looking at the camera."""

    base_yaw: float
    base_frames_least: int
    onset: float
    stray: float
    frontal: float


@dataclass(frozen=True, slots=True)
class Blink:
    """Both eyelid signals and the steadiness they need."""

    lid: float
    ear: float
    steady: float
    flat: float
    frames: int


@dataclass(frozen=True, slots=True)
class Mouth:
    """Lip gap and jaw."""

    rise: float
    jaw: float
    frames: int


@dataclass(frozen=True, slots=True)
class TurnLimits:
    """Yaw and flatness residual."""

    yaw: float
    flat: float
    frames: int


@dataclass(frozen=True, slots=True)
class Nod:
    """Pitch, flatness residual and the nose's place."""

    pitch: float
    flat: float
    nose: float
    yaw: float
    frames: int


@dataclass(frozen=True, slots=True)
class Match:
    """Distances between faces, by the matcher they are measured with."""

    tolerance: float
    same_frontal: float
    same_action: float
    frontal_frames: int


@dataclass(frozen=True, slots=True)
class _Voice:
    second_from: float
    second_weight: float


@dataclass(frozen=True, slots=True)
class Fusion:
    """How the fused matcher weighs its second voice, and what it takes out of its first."""

    second_from: float
    second_weight: float
    common: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """When frames count as those of an earlier session."""

    distance: int
    share: float
    least: int
    probes: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """All thresholds, with the digest of the file they came from."""

    version: str
    sha256: str
    matcher: str
    quality: Quality
    timing: Timing
    pose: Pose
    blink: Blink
    mouth: Mouth
    turn: TurnLimits
    nod: Nod
    match: Match
    fusion: Fusion
    replay: Replay


def load_calibration(path: Path, matcher: str = FUSED) -> Calibration:
    """Read and check the file: every threshold present, a finite number, nothing else; `matcher` is one of MATCHERS."""
    if matcher not in MATCHERS:
        raise ValueError(f"matcher {matcher!r} is none of {', '.join(MATCHERS)}")
    content = path.read_bytes()
    table = tomllib.loads(content.decode("utf-8"))
    matches = {name: _section(Match, table["match"][name]) for name in MATCHERS}
    return Calibration(
        version=str(table["about"]["version"]),
        sha256=hashlib.sha256(content).hexdigest(),
        matcher=matcher,
        quality=_section(Quality, table["quality"]),
        timing=_section(Timing, table["timing"]),
        pose=_section(Pose, table["pose"]),
        blink=_section(Blink, table["blink"]),
        mouth=_section(Mouth, table["mouth"]),
        turn=_section(TurnLimits, table["turn"]),
        nod=_section(Nod, table["nod"]),
        match=matches[matcher],
        fusion=_fusion(table["fusion"]),
        replay=_section(Replay, table["replay"]),
    )


def _fusion(values: dict[str, Any]) -> Fusion:
    if set(values) != {field.name for field in fields(Fusion)}:
        raise ValueError("Fusion: expected exactly common, second_from and second_weight")
    voice = _section(_Voice, {name: value for name, value in values.items() if name != "common"})
    common = values["common"]
    sound = isinstance(common, list) and all(isinstance(part, float) and abs(part) <= 1 for part in common)
    if not sound:
        raise ValueError("Fusion.common is not a list of parts of a direction")
    return Fusion(voice.second_from, voice.second_weight, tuple(common))


def _section(kind: type[T], values: dict[str, Any]) -> T:
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if set(values) != names:
        raise ValueError(f"{kind.__name__}: expected exactly {sorted(names)}")
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
            raise ValueError(f"{kind.__name__}.{name} is not a positive number")
    return kind(**values)
