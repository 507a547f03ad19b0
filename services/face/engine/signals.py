"""How strongly each frame shows each action 动作强度: 1 means the threshold is reached by both signals."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.face.engine import geometry
from services.face.engine.calibration import Calibration
from services.face.engine.types import Kind, Points

ACTIONS: tuple[Kind, ...] = ("blink", "open_mouth", "turn_left", "turn_right", "nod")


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One usable frame: where it stands in the session and what was measured."""

    at_ms: int
    prompt: int
    picture: int
    points: Points
    lid: float
    sharpness: float


@dataclass(frozen=True, slots=True, eq=False)
class Neutral:
    """The member at rest: the measure of everything else."""

    points: Points
    ear: float
    lid: float
    mouth: float
    jaw: float
    nose: float


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """A look with its signals."""

    look: Look
    yaw: float
    pitch: float
    flat: float
    strengths: Mapping[Kind, float]

    def at_rest(self, onset: float) -> bool:
        """Shows no action, not even the beginning of one."""
        return all(value < onset for value in self.strengths.values())


def neutral_of(looks: Sequence[Look], limits: Calibration) -> Neutral | None:
    """The member at rest, from the looks before anything was asked; None when not facing the camera."""
    turned = [(geometry.upright_turn(look.points), look) for look in looks]
    facing = [(turn, look) for turn, look in turned if abs(turn.yaw) <= limits.pose.base_yaw]
    if len(facing) < limits.pose.base_frames_least:
        return None
    yaw = float(np.median([turn.yaw for turn, _ in facing]))
    pitch = float(np.median([turn.pitch for turn, _ in facing]))
    middle = min(facing, key=lambda item: abs(item[0].yaw - yaw) + abs(item[0].pitch - pitch))[1]
    every = [look for _, look in facing]
    return Neutral(
        points=middle.points,
        ear=float(np.median([geometry.eye_opening(look.points) for look in every])),
        lid=float(np.nanmedian([look.lid for look in every])),
        mouth=float(np.median([geometry.mouth_opening(look.points) for look in every])),
        jaw=float(np.median([geometry.jaw_drop(look.points) for look in every])),
        nose=float(np.median([geometry.nose_drop(look.points) for look in every])),
    )


def moment_of(look: Look, neutral: Neutral, limits: Calibration) -> Moment:
    """All signals of one look."""
    turn = geometry.turn_between(neutral.points, look.points)
    flat = geometry.flatness_residual(neutral.points, look.points)
    side = min(abs(turn.yaw) / limits.turn.yaw, flat / limits.turn.flat)
    strengths: dict[Kind, float] = {
        "blink": _blink(look, neutral, turn, flat, limits),
        "open_mouth": _mouth(look, neutral, limits),
        "turn_left": side if turn.yaw > 0 else 0.0,
        "turn_right": side if turn.yaw < 0 else 0.0,
        "nod": _nod(look, neutral, turn, flat, limits),
    }
    # A signal that is not a number shows nothing.
    safe = {kind: value if math.isfinite(value) else 0.0 for kind, value in strengths.items()}
    return Moment(look, turn.yaw, turn.pitch, flat, safe)


def _blink(look: Look, neutral: Neutral, turn: geometry.Turn, flat: float, limits: Calibration) -> float:
    steady = max(abs(turn.yaw), abs(turn.pitch)) <= limits.blink.steady and flat <= limits.blink.flat
    if not (steady and neutral.lid > 0 and neutral.ear > 0):
        return 0.0
    lid = (1 - look.lid / neutral.lid) / (1 - limits.blink.lid)
    ear = (1 - geometry.eye_opening(look.points) / neutral.ear) / (1 - limits.blink.ear)
    return _least(lid, ear)


def _mouth(look: Look, neutral: Neutral, limits: Calibration) -> float:
    rise = (geometry.mouth_opening(look.points) - neutral.mouth) / limits.mouth.rise
    jaw = (geometry.jaw_drop(look.points) / neutral.jaw - 1) / limits.mouth.jaw if neutral.jaw > 0 else 0.0
    return _least(rise, jaw)


def _nod(look: Look, neutral: Neutral, turn: geometry.Turn, flat: float, limits: Calibration) -> float:
    if not abs(turn.yaw) <= limits.nod.yaw:
        return 0.0
    nose = (geometry.nose_drop(look.points) - neutral.nose) / limits.nod.nose
    return _least(turn.pitch / limits.nod.pitch, flat / limits.nod.flat, nose)


def _least(*signals: float) -> float:
    """The weakest signal; 0 when one is not a number."""
    return min(signals) if all(math.isfinite(value) for value in signals) else 0.0
