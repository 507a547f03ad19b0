"""Thresholds of the face check 人脸阈值, read from config/face_calibration.toml."""

import hashlib
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


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
    """Distances between faces."""

    tolerance: float
    second_from: float
    second_weight: float
    same_frontal: float
    same_action: float
    frontal_frames: int


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
    quality: Quality
    timing: Timing
    pose: Pose
    blink: Blink
    mouth: Mouth
    turn: TurnLimits
    nod: Nod
    match: Match
    replay: Replay


def load_calibration(path: Path) -> Calibration:
    """Read and check the file: every threshold present, a finite number, nothing else."""
    content = path.read_bytes()
    table = tomllib.loads(content.decode("utf-8"))
    return Calibration(
        version=str(table["about"]["version"]),
        sha256=hashlib.sha256(content).hexdigest(),
        quality=_section(Quality, table["quality"]),
        timing=_section(Timing, table["timing"]),
        pose=_section(Pose, table["pose"]),
        blink=_section(Blink, table["blink"]),
        mouth=_section(Mouth, table["mouth"]),
        turn=_section(TurnLimits, table["turn"]),
        nod=_section(Nod, table["nod"]),
        match=_section(Match, table["match"]),
        replay=_section(Replay, table["replay"]),
    )


def _section(kind: type[T], values: dict[str, Any]) -> T:
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if set(values) != names:
        raise ValueError(f"{kind.__name__}: expected exactly {sorted(names)}")
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
            raise ValueError(f"{kind.__name__}.{name} is not a positive number")
    return kind(**values)
