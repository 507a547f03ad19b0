"""A whole session before the camera 演员会话: the genuine member, and the attack kit."""

import math
from collections.abc import Sequence
from typing import Any, TypedDict

import numpy as np

from sandbox.actor.portrait import load_portrait, portrait_names
from sandbox.actor.render import Stance, jpeg_of
from sandbox.actor.score import PromptSpec, end_of, idle, moves_for, stance_at

ATTACKS = ("still", "other_person", "swap", "wrong_order", "frozen", "early")
EARLY_MS = 500.0


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
    rng = np.random.default_rng(seed)
    times = [at_ms for at_ms in _times(asked, fps, rng) if at_ms >= since_ms]
    pictures = (
        _still(portrait, times, rng) if attack == "still" else _acted(portrait, asked, attack, times, rng)
    )
    if attack == "frozen":
        pictures = _frozen(pictures)
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


def other_than(portrait: str) -> str:
    """Some other portrait."""
    return next(name for name in portrait_names() if name != portrait)


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


def _acted(
    portrait: str,
    prompts: list[PromptSpec],
    attack: str | None,
    times: Sequence[int],
    rng: np.random.Generator,
) -> list[bytes]:
    played = _shuffled(prompts) if attack == "wrong_order" else prompts
    moves = moves_for(played, rng, lead_ms=EARLY_MS if attack == "early" else 0.0)
    rest = idle(rng)
    acting = [prompt["start_ms"] for prompt in prompts if prompt["kind"] != "neutral"]
    swap_ms = acting[-1] if attack == "swap" and acting else math.inf
    first = load_portrait(other_than(portrait) if attack == "other_person" else portrait)
    second = load_portrait(other_than(portrait)) if attack == "swap" else first
    return [
        jpeg_of(second if at_ms >= swap_ms else first, stance_at(at_ms, moves, rest), rng) for at_ms in times
    ]


def _shuffled(prompts: Sequence[PromptSpec]) -> list[PromptSpec]:
    """The same times, each with the next prompt's action: another challenge's answer."""
    acting = [prompt for prompt in prompts if prompt["kind"] != "neutral"]
    following = {
        one["index"]: other["kind"] for one, other in zip(acting, acting[1:] + acting[:1], strict=True)
    }
    return [{**prompt, "kind": following.get(prompt["index"], prompt["kind"])} for prompt in prompts]


def _still(portrait: str, times: Sequence[int], rng: np.random.Generator) -> list[bytes]:
    """A photo held before the camera, moved, tilted and brought nearer."""
    person = load_portrait(portrait)
    phases = rng.uniform(0, 2 * math.pi, 4)
    pictures = []
    for at_ms in times:
        t = at_ms / 1000
        stance = Stance(
            shift_x=14 * math.sin(0.9 * t + phases[0]),
            shift_y=9 * math.sin(1.3 * t + phases[1]),
            zoom=1.08 + 0.06 * math.sin(0.7 * t + phases[2]),
            roll=4 * math.sin(0.8 * t + phases[3]),
        )
        pictures.append(jpeg_of(person, stance, rng))
    return pictures


def _frozen(pictures: list[bytes]) -> list[bytes]:
    """The camera hangs in the middle third."""
    start, end = len(pictures) // 3, 2 * len(pictures) // 3
    return [pictures[start] if start <= place < end else jpeg for place, jpeg in enumerate(pictures)]
