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


def is_pictured(frames: Sequence[Frame], prompt: int, start_ms: int, hold_ms: int) -> bool:
    """Whether pictures show the member under this prompt for long enough, however late they came.

    On a slow network the centre's own clock runs while its question is still under way: a session ended by that clock
    alone would break off in the phone's first pictures of the last prompt.
    """
    seen_until = max((frame.at_ms for frame in frames if frame.prompt == prompt), default=start_ms)
    return seen_until - start_ms >= hold_ms * _PICTURED
