"""Plain text 文字: what one person writes for another to read, without what nobody sees."""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\u2800\u3164\ufeff\uffa0\ufff9-\ufffb]"
)
"""Marks of direction, spaces of no width, and letters that are blank: a text with them reads other than it is."""
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"
"""Part of pictures and of some scripts, and nothing by themselves."""


def seen(text: str) -> str:
    """The text with nothing around it and nothing hidden in it; empty when nothing is left to be seen."""
    kept = _UNSEEN.sub("", text).strip()
    return kept if "".join(kept.split()).strip(_JOINERS) else ""
