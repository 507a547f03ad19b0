"""The challenge 动作挑战: what to do, in which order, and for how long; drawn anew for each session."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from services.face.engine.colours import colours_of
from services.face.engine.types import Frame

ACTIONS = ("blink", "open_mouth", "turn_left", "turn_right", "nod")
CHECKED_IN_DEPTH = frozenset({"open_mouth", "turn_left", "turn_right"})
ACTION_COUNT = 3
TEXTS = {
    "neutral": "请看正前方",
    "blink": "请慢慢眨一下眼",
    "open_mouth": "请张大嘴，再合上",
    "turn_left": "请慢慢向左转头，再转回来",
    "turn_right": "请慢慢向右转头，再转回来",
    "nod": "请慢慢点一下头",
}
_FIRST_NEUTRAL_MS = 2000
_BETWEEN_MS = 900
_LEAST_HOLD_MS, _MOST_HOLD_MS = 2600, 3300
_PICTURED = 2 / 3  # of the time a prompt is held: pictures at the slowest pace then reach the judge's least number


def draw_prompts(nonce: str) -> list[dict[str, Any]]:
    """Look ahead, then three different actions with a rest between; a mouth or a turn is always among them.

    While the member looks ahead for the first time, the screen shows the colours that belong to the nonce.
    """
    random = secrets.SystemRandom()
    actions = random.sample(ACTIONS, ACTION_COUNT)
    while not CHECKED_IN_DEPTH.intersection(actions):
        actions = random.sample(ACTIONS, ACTION_COUNT)
    prompts = [{**_prompt("neutral", _FIRST_NEUTRAL_MS), "colours": list(colours_of(nonce))}]
    for action in actions:
        prompts.append(_prompt(action, random.randint(_LEAST_HOLD_MS, _MOST_HOLD_MS)))
        prompts.append(_prompt("neutral", _BETWEEN_MS))
    return [{"index": index, **prompt} for index, prompt in enumerate(prompts)]


def _prompt(kind: str, hold_ms: int) -> dict[str, Any]:
    return {"kind": kind, "hold_ms": hold_ms}


def has_run(
    prompts: Sequence[dict[str, Any]],
    shown: int,
    starts_ms: Sequence[int],
    held_ms: float,
    frames: Sequence[Frame],
) -> bool:
    """Whether the prompt shown has run its time: by our clock, and begun in pictures; the last one seen out in them.

    `held_ms` is how long ago it was shown, `starts_ms` when each prompt was first pictured. On a slow network our clock
    runs while the question is still under way: by it alone a session would break off in the first pictures of the last.
    """
    hold_ms = prompts[shown]["hold_ms"]
    if len(starts_ms) <= shown or held_ms < hold_ms:
        return False
    if shown + 1 < len(prompts):
        return True  # its pictures still under way come with those of the next
    seen_until = max((frame.at_ms for frame in frames if frame.prompt == shown), default=starts_ms[shown])
    return bool(seen_until - starts_ms[shown] >= hold_ms * _PICTURED)
