"""Attacks with a print 照片攻击: held, tilted and bent as the prompts ask, or with living eyes behind holes."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from sandbox.actor.paper import Hold, photo_of
from sandbox.actor.portrait import Portrait, load_portrait
from sandbox.actor.scene import Scene
from sandbox.actor.score import Move, moves_for

_PARTS = {"still_panned": 0.0, "still_zoomed": 0.0, "still_tilted": 38.0, "still_bent": 15.0, "still": 30.0}
"""How far each kind tilts the paper to the asked side, in degrees."""


def photo(kind: str) -> Callable[[Scene], list[bytes]]:
    """A print in a hand that follows the prompts as far as paper can."""

    def pictures(scene: Scene) -> list[bytes]:
        moves = moves_for(scene.prompts, scene.chance("moves"))
        phases, rng = scene.chance("wander").uniform(0, 2 * math.pi, 8), scene.chance("noise")
        person = load_portrait(scene.portrait)
        holds = [(at_ms, _wandering(kind, at_ms / 1000, phases)) for at_ms in scene.times]
        return [photo_of(person, _followed(hold, moves, at_ms, _PARTS[kind]), rng) for at_ms, hold in holds]

    return pictures


def _wandering(kind: str, t: float, phases: np.ndarray) -> Hold:
    """What the hand does by itself; each kind has its own large movement."""
    wave = [
        math.sin(rate * t + phase)
        for rate, phase in zip((0.9, 1.3, 0.7, 0.8, 1.1, 0.6, 0.5, 1.7), phases, strict=True)
    ]
    pan = 3.0 if kind == "still_panned" else 1.0
    zoom = 0.22 if kind == "still_zoomed" else 0.04
    tilt = 14.0 if kind == "still_tilted" else 3.0
    bend = 1.3 if kind in ("still_bent", "still") else 0.0
    return Hold(
        yaw=tilt * wave[4],
        pitch=0.7 * tilt * wave[5],
        roll=4 * wave[3],
        bend=bend * max(0.0, wave[6]),
        curl=0.6 * bend * max(0.0, wave[7]),
        shift_x=14 * pan * wave[0],
        shift_y=9 * pan * wave[1],
        zoom=1.06 + zoom * wave[2],
    )


def _followed(hold: Hold, moves: Sequence[Move], at_ms: float, most: float) -> Hold:
    """The paper tilted (and bent, where the kind bends) as the prompt asks a head to turn."""
    for move in moves:
        level = move.level(at_ms)
        bend = 1.5 * level if hold.bend > 0 or most == _PARTS["still_bent"] else 0.0
        if move.kind in ("turn_left", "turn_right"):
            side = 1 if move.kind == "turn_left" else -1
            hold = replace(hold, yaw=hold.yaw + side * most * level, bend=max(hold.bend, bend))
        elif move.kind == "nod":
            hold = replace(hold, pitch=hold.pitch + most * level, curl=max(hold.curl, bend))
        elif move.kind == "open_mouth":
            hold = replace(hold, pitch=hold.pitch - most * level, curl=max(hold.curl, bend))
    return hold


def cut_out_eyes(scene: Scene) -> list[bytes]:
    """A print with holes for living eyes: they blink when asked and of themselves; the rest is paper."""
    moves = moves_for(scene.prompts, scene.chance("moves"))
    phases, rng = scene.chance("wander").uniform(0, 2 * math.pi, 8), scene.chance("noise")
    person = load_portrait(scene.portrait)
    return [_through_holes(person, moves, at_ms, phases, rng) for at_ms in scene.times]


def _through_holes(
    person: Portrait, moves: Sequence[Move], at_ms: int, phases: np.ndarray, rng: np.random.Generator
) -> bytes:
    asked = max((move.level(at_ms) for move in moves if move.kind == "blink"), default=0.0)
    by_nature = 1.0 if (at_ms + 1000 * phases[0]) % 3700 < 230 else 0.0
    hold = _followed(_wandering("still", at_ms / 1000, phases), moves, at_ms, _PARTS["still_tilted"])
    return photo_of(person, replace(hold, bend=0.0, curl=0.0), rng, lid=max(asked, by_nature))
