"""A whole session before the camera 演员会话: the genuine member, or one kind of the attack kit."""

import math
from collections.abc import Sequence
from typing import Any, TypedDict

import numpy as np

from sandbox.actor.attacks import ATTACKS, pictures_of
from sandbox.actor.portrait import load_portrait
from sandbox.actor.render import jpeg_of
from sandbox.actor.scene import Scene
from sandbox.actor.score import PromptSpec, end_of, idle, moves_for, stance_at

__all__ = ["ATTACKS", "ActorFrame", "clip_for", "frames_for"]


class ActorFrame(TypedDict):
    """A frame as it goes to the face session."""

    seq: int
    at_ms: int
    prompt: int
    jpeg: bytes


def frames_for(
    portrait: str,
    prompts: Sequence[Any],
    attack: str | None = None,
    fps: int = 8,
    seed: int = 0,
    since_ms: int = 0,
) -> list[ActorFrame]:
    """Frames of one session from `since_ms` on: the actor answers each prompt, or cheats as `attack` says."""
    if attack is not None and attack not in ATTACKS:
        raise ValueError(f"unknown attack {attack!r}")
    asked: list[PromptSpec] = sorted(prompts, key=lambda prompt: prompt["index"])
    times = [at_ms for at_ms in _times(asked, fps, np.random.default_rng([seed, 0])) if at_ms >= since_ms]
    pictures = pictures_of(attack, Scene(portrait, asked, times, seed))
    return [
        {"seq": seq, "at_ms": at_ms, "prompt": _prompt_at(asked, at_ms), "jpeg": jpeg}
        for seq, (at_ms, jpeg) in enumerate(zip(times, pictures, strict=True))
    ]


def clip_for(portrait: str, kind: str, fps: int = 8, seed: int = 0) -> list[bytes]:
    """One action from rest to rest (a loop of rest for "neutral"), as the pretended camera shows it."""
    prompts: list[PromptSpec] = [{"index": 0, "kind": kind, "start_ms": 0, "hold_ms": 2000}]
    rng = np.random.default_rng(seed)
    moves = moves_for(prompts, rng, lead_ms=-125.0)
    length = 2000 if not moves else moves[0].end_ms + 250
    times = [round(step * 1000 / fps) for step in range(math.ceil(length * fps / 1000))]
    rest = idle(rng)
    person = load_portrait(portrait)
    return [jpeg_of(person, stance_at(at_ms, moves, rest), rng) for at_ms in times]


def _times(prompts: Sequence[PromptSpec], fps: int, rng: np.random.Generator) -> list[int]:
    """Instants of the frames: the rate, with the jitter of a phone."""
    end = end_of(prompts, len(prompts) - 1)
    step = 1000 / fps
    start = float(rng.uniform(20, 60))
    jitter = min(12.0, step / 5)
    count = int((end - start) // step)
    return [
        max(0, round(start + place * step + float(rng.uniform(-jitter, jitter)))) for place in range(count)
    ]


def _prompt_at(prompts: Sequence[PromptSpec], at_ms: int) -> int:
    shown = [prompt["index"] for prompt in prompts if prompt["start_ms"] <= at_ms]
    return shown[-1] if shown else prompts[0]["index"]
