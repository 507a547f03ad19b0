"""The attack kit against the real judge 攻击样本测量: every kind, several tries, and what stopped it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.liveness_channel import as_a_camera, from_another_device, in_one_burst
from sandbox.actor.attacks import ATTACKS
from sandbox.actor.portrait import PORTRAITS, portrait_names
from sandbox.actor.session import frames_for
from services.face.adapters.engine import Decide
from services.face.challenge import ACTION_COUNT, ACTIONS, CHECKED_IN_DEPTH
from services.face.engine.types import Frame, Prompt

FPS = 6
ANSWER_MS = 700  # until the page has the next prompt
Post = Callable[[Sequence[dict[str, Any]], Sequence[Frame]], str | None]
INJECTED: dict[str, Post] = {"other_device": from_another_device, "one_burst": in_one_burst}
"""An animated photo passes the image checks by its making; these are the ways to post it."""


@dataclass
class Tally:
    """What became of one kind."""

    tries: int = 0
    passed: int = 0
    stopped_by: Counter[str] = field(default_factory=Counter)

    def count(self, reasons: Sequence[str]) -> None:
        """One more try; a try that two reasons stopped is counted under both."""
        self.tries += 1
        self.passed += not reasons
        self.stopped_by.update(reasons)

    def told(self) -> dict[str, Any]:
        """As it is printed."""
        return {"tries": self.tries, "passed": self.passed, "stopped_by": dict(self.stopped_by.most_common())}


def kinds() -> list[str]:
    """Every kind of attack; the animated photo once for each way to post it."""
    plain = [kind for kind in ATTACKS if kind != "animated"]
    return [*plain, *(f"animated_{way}" for way in INJECTED)]


def tried(kind: str | None, number: int, decide: Decide) -> tuple[str, ...]:
    """One try of a kind (None: the genuine member): why it was refused; empty when it passed.

    A try goes the whole way: posted through the service as the kind posts, then judged. Plain "animated" is posted as
    the bound phone's own camera would: what a fake camera on that phone comes to.
    """
    names = portrait_names()
    portrait = names[number % len(names)]
    prompts = challenge(random.Random(f"{kind} {number}"))
    attack, _, way = (kind or "").partition("_") if kind and kind.startswith("animated") else (kind, "", "")
    frames = [Frame(**frame) for frame in frames_for(portrait, prompts, attack, fps=FPS, seed=number)]
    refused = INJECTED.get(way, as_a_camera)(prompts, frames)
    if refused:
        return (refused,)
    photo = (PORTRAITS / portrait / "reference.jpg").read_bytes()
    return decide(frames, [Prompt(**prompt) for prompt in prompts], photo).reasons


def challenge(chance: random.Random) -> list[dict[str, Any]]:
    """A challenge as the service draws it, with the instants at which a page shows each prompt."""
    actions = chance.sample(ACTIONS, ACTION_COUNT)
    while not CHECKED_IN_DEPTH.intersection(actions):
        actions = chance.sample(ACTIONS, ACTION_COUNT)
    steps = [("neutral", 1500)]
    for action in actions:
        steps += [(action, chance.randint(2600, 3300)), ("neutral", 900)]
    prompts, start_ms = [], 0
    for index, (kind, hold_ms) in enumerate(steps):
        prompts.append({"index": index, "kind": kind, "start_ms": start_ms, "hold_ms": hold_ms})
        start_ms += hold_ms + ANSWER_MS
    return prompts


def run_kit(tries: int, decide: Decide, say: Callable[[str], None]) -> dict[str, Any]:
    """Every kind, told one by one."""
    told = {}
    for kind in kinds():
        tally = Tally()
        for number in range(tries):
            tally.count(tried(kind, number, decide))
        told[kind] = tally.told()
        say(f"  {kind}: {tally.passed} of {tally.tries} passed; {dict(tally.stopped_by)}")
    return told
