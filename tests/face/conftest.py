"""Real networks, real portraits: the models are fetched when they are absent."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime.cli.fetch_models import MODELS_DIR, fetch
from sandbox.actor.session import frames_for
from services.face.adapters.engine import build
from services.face.engine.types import Frame, Prompt, Verdict

ROOT = Path(__file__).resolve().parents[2]
CALIBRATION = ROOT / "config" / "face_calibration.toml"
FPS = 6
COLOURS = ("green", "red", "blue", "red")

Perform = Callable[..., Verdict]


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The folder with the checked model files."""
    fetch()
    return MODELS_DIR


@pytest.fixture(scope="session")
def decide(models_dir: Path) -> Callable[..., Verdict]:
    """The judge with its real networks, in this process."""
    return build(models_dir, CALIBRATION)[0]


def reference(portrait: str) -> bytes:
    """The authority's photo of a portrait."""
    return (ROOT / "sandbox" / "portraits" / portrait / "reference.jpg").read_bytes()


def prompts_of(kinds: Sequence[str]) -> list[dict[str, Any]]:
    """A challenge as a session shows it: look ahead, then each action and a rest."""
    order = ["neutral", *(step for kind in kinds for step in (kind, "neutral"))]
    prompts, start_ms = [], 0
    for index, kind in enumerate(order):
        hold_ms = 2700 if kind != "neutral" else 2000 if index == 0 else 900
        prompt = {"index": index, "kind": kind, "start_ms": start_ms, "hold_ms": hold_ms}
        prompts.append({**prompt, "colours": list(COLOURS) if index == 0 else []})
        start_ms += hold_ms + 110
    return prompts


def filmed(
    portrait: str, kinds: Sequence[str], attack: str | None = None, seed: int = 0
) -> tuple[list[Frame], list[Prompt]]:
    """The actor before the camera."""
    prompts = prompts_of(kinds)
    frames = [Frame(**frame) for frame in frames_for(portrait, prompts, attack, fps=FPS, seed=seed)]
    return frames, [Prompt(**{**prompt, "colours": tuple(prompt["colours"])}) for prompt in prompts]


@pytest.fixture
def perform(decide: Callable[..., Verdict]) -> Perform:
    """Film a session and judge it against somebody's photo."""

    def run(
        portrait: str,
        kinds: Sequence[str],
        attack: str | None = None,
        *,
        photo_of: str | None = None,
        seed: int = 0,
    ) -> Verdict:
        frames, prompts = filmed(portrait, kinds, attack, seed)
        return decide(frames, prompts, reference(photo_of or portrait))

    return run


def grey_picture(level: int = 128) -> np.ndarray:
    """A picture without a face."""
    return np.full((360, 480, 3), level, np.uint8)
