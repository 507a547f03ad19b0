"""Ports of the face check 人脸核验: who judges, and where the authority's photo comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from services.face.engine.types import Frame, Prompt, Verdict


class Judge(Protocol):
    """Decides whether the frames answer the prompts and show the person of the reference photo."""

    def judge(self, frames: Sequence[Frame], prompts: Sequence[Prompt], reference_jpeg: bytes) -> Verdict:
        """The verdict; trouble inside is a refusal with a reason, never a pass and never an exception."""
        ...
