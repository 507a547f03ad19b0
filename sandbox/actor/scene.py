"""What an attack has to work with 场景: who, what is asked, when; and where the rests lie."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sandbox.actor.score import MOVES, PromptSpec, end_of

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Scene:
    """Who stands before the camera, what is asked, when pictures are taken."""

    portrait: str
    prompts: Sequence[PromptSpec]
    times: Sequence[int]
    seed: int

    def chance(self, purpose: str) -> np.random.Generator:
        """Random numbers for one purpose, the same however much of the session is played."""
        return np.random.default_rng([self.seed, zlib.crc32(purpose.encode())])


def acting(prompts: Sequence[PromptSpec]) -> list[PromptSpec]:
    """The prompts that ask for an action."""
    return [prompt for prompt in prompts if prompt["kind"] in MOVES]


def rest_after(prompts: Sequence[PromptSpec], number: int) -> Span | None:
    """From when to when the member rests behind the action of that number (from 1)."""
    places = [place for place, prompt in enumerate(prompts) if prompt["kind"] in MOVES]
    if len(places) < number or places[number - 1] + 1 >= len(prompts):
        return None
    place = places[number - 1] + 1
    return float(prompts[place]["start_ms"]), float(end_of(prompts, place))
