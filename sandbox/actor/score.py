"""The actor's score 动作谱: what the head does at each instant, prompt by prompt."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NotRequired, TypedDict

import numpy as np

from sandbox.actor.render import Stance


class PromptSpec(TypedDict):
    """A prompt as the challenge gives it."""

    index: int
    kind: str
    start_ms: int
    hold_ms: int
    colours: NotRequired[list[str]]


@dataclass(frozen=True, slots=True)
class Move:
    """One action on the time line: rise, hold and fall of one movement."""

    kind: str
    start_ms: float
    rise_ms: float
    hold_ms: float
    fall_ms: float
    size: float

    @property
    def end_ms(self) -> float:
        """When the head is at rest again."""
        return self.start_ms + self.rise_ms + self.hold_ms + self.fall_ms

    def level(self, at_ms: float) -> float:
        """How far the movement has gone, 0..1."""
        since = at_ms - self.start_ms
        if since <= 0 or at_ms >= self.end_ms:
            return 0.0
        if since < self.rise_ms:
            return _smooth(since / self.rise_ms)
        if since < self.rise_ms + self.hold_ms:
            return 1.0
        return _smooth((self.end_ms - at_ms) / self.fall_ms)


# kind: (rise, hold, fall in ms, least and greatest size)
MOVES = {
    "blink": (150, 300, 170, 0.97, 1.0),
    "open_mouth": (280, 550, 280, 0.85, 1.0),
    "turn_left": (480, 520, 450, 30.0, 34.0),
    "turn_right": (480, 520, 450, 30.0, 34.0),
    "nod": (400, 450, 400, 28.0, 31.0),
}
REACTION_MS = (300.0, 600.0)


def moves_for(prompts: Sequence[PromptSpec], rng: np.random.Generator, lead_ms: float = 0.0) -> list[Move]:
    """A move for each prompt, a human reaction time after it, or `lead_ms` before it."""
    moves = []
    for place, prompt in enumerate(prompts):
        if prompt["kind"] not in MOVES:
            continue
        start = prompt["start_ms"] + (-lead_ms if lead_ms else float(rng.uniform(*REACTION_MS)))
        room = end_of(prompts, place) - start - 200
        rise, hold, fall, least, most = MOVES[prompt["kind"]]
        pace = min(1.0, room / (rise + hold + fall)) if room > 0 else 1.0
        size = float(rng.uniform(least, most))
        moves.append(Move(prompt["kind"], start, rise * pace, hold * pace, fall * pace, size))
    return moves


def end_of(prompts: Sequence[PromptSpec], place: int) -> float:
    """When a prompt leaves the screen."""
    if place + 1 < len(prompts):
        return prompts[place + 1]["start_ms"]
    return prompts[place]["start_ms"] + prompts[place]["hold_ms"]


@dataclass(frozen=True, slots=True, eq=False)
class Idle:
    """The small unrest of a living person holding a phone."""

    phases: np.ndarray
    size: float = 1.0

    def stance(self, at_ms: float) -> Stance:
        """Sway, breath and handshake at an instant."""
        t = at_ms / 1000
        wave = [
            math.sin(2 * math.pi * t * rate + phase) for rate, phase in zip(RATES, self.phases, strict=True)
        ]
        return Stance(
            yaw=1.2 * wave[0] * self.size,
            pitch=1.0 * wave[1] * self.size,
            roll=0.6 * wave[2],
            shift_x=2.0 * wave[3],
            shift_y=1.5 * wave[4],
            zoom=1.01 + 0.006 * wave[5],
            light=1 + 0.012 * wave[6],
        )


RATES = (0.31, 0.23, 0.17, 0.41, 0.53, 0.13, 0.71)


def idle(rng: np.random.Generator) -> Idle:
    """Another person's unrest for each generator."""
    return Idle(rng.uniform(0, 2 * math.pi, len(RATES)))


def stance_at(at_ms: float, moves: Sequence[Move], rest: Idle) -> Stance:
    """The whole stance: unrest plus the moves under way."""
    stance = rest.stance(at_ms)
    for move in moves:
        level = move.level(at_ms)
        if level > 0:
            stance = _moved(stance, move, level)
    return stance


def screen_at(at_ms: float, prompts: Sequence[PromptSpec]) -> str:
    """The colour of the phone's screen at an instant, or none."""
    for prompt in prompts:
        colours, since_ms = prompt.get("colours", []), at_ms - prompt["start_ms"]
        if colours and 0 <= since_ms < prompt["hold_ms"]:
            return colours[int(since_ms * len(colours) / prompt["hold_ms"])]
    return ""


def _moved(stance: Stance, move: Move, level: float) -> Stance:
    amount = move.size * level
    if move.kind == "blink":
        return replace(stance, lid=max(stance.lid, amount))
    if move.kind == "open_mouth":
        return replace(stance, mouth=max(stance.mouth, amount))
    if move.kind == "nod":
        return replace(stance, pitch=stance.pitch + amount)
    return replace(stance, yaw=stance.yaw + (amount if move.kind == "turn_left" else -amount))


def _smooth(part: float) -> float:
    return (1 - math.cos(math.pi * part)) / 2
