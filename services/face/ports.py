"""Ports of the face check 人脸核验: who judges our own frames, and who verifies a person by means of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from services.face.engine.types import Frame, Prompt, Verdict


class Judge(Protocol):
    """Decides whether the frames answer the prompts and show the person of the reference photo."""

    def judge(self, frames: Sequence[Frame], prompts: Sequence[Prompt], reference_jpeg: bytes) -> Verdict:
        """The verdict; trouble inside is a refusal with a reason, never a pass and never an exception."""
        ...


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom another verifier shall verify: the member's own record, and the user on whose phone it happens."""

    name: str = field(repr=False)
    id_no: str = field(repr=False)
    openid: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Issued:
    """A verification that may begin: its id for the phone, and for how long."""

    verify_id: str = field(repr=False)
    life_s: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What the verifier says. Only `passed` passes; `unclear` and `unavailable` may be asked again.

    `unavailable`: it could not be asked, or could not answer now. `unclear`: it answered, but not with a result.
    """

    outcome: Literal["passed", "failed", "unclear", "unavailable"]
    reason: str | None = None
    code: int = 0


class VerifierUnavailable(Exception):
    """No verification could be begun; the text is a code without personal data."""


class Verifier(Protocol):
    """Verifies a person by its own camera and its own comparison; the verdict is asked of it, never of the phone."""

    def begin(self, reference: str, subject: Subject) -> Issued:
        """Begin a verification under our reference, which is new; raises VerifierUnavailable."""
        ...

    def ask(self, verify_id: str, reference: str, subject: Subject) -> Answer:
        """The result for exactly this id, reference and subject; never raises for outside trouble."""
        ...
