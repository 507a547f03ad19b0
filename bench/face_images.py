"""Faces in folders 人脸数据: acquiring images by the shipped way and by face_recognition's default, and the time of both."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any

import face_recognition
import numpy as np
from PIL import Image, ImageFile

from services.face.adapters.engine import fused_matcher
from services.face.adapters.landmarks import LandmarkAnalyser
from services.face.adapters.model_files import load_model_files
from services.face.engine.calibration import Calibration
from services.face.engine.types import Descriptor, Pixels

CANVAS = (640, 480)
SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp"}
Measured = dict[str, list[float]]


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One way from a picture to a descriptor; `describe` notes the time of its steps."""

    name: str
    describe: Callable[[Pixels, Measured], Descriptor | None]
    distance: Callable[[Descriptor, Descriptor], float]
    tolerance: float

    def distances(self, faces: Sequence[Descriptor | None]) -> list[float]:
        """Of all unordered pairs; infinite where one was not acquired."""
        return [self.between(one, other) for one, other in combinations(faces, 2)]

    def between(self, one: Descriptor | None, other: Descriptor | None) -> float:
        """Distance of two faces, infinite when one was not acquired."""
        return float("inf") if one is None or other is None else self.distance(one, other)


def shipped_way(models_dir: Path, calibration: Calibration) -> Way:
    """Analyser, matcher and tolerance of the product."""
    files = load_model_files(models_dir)
    analyser, matcher = LandmarkAnalyser(files), fused_matcher(models_dir, files, calibration)

    def describe(rgb: Pixels, spent: Measured) -> Descriptor | None:
        seen = _timed(spent, "detect_and_landmarks", lambda: analyser.look(rgb, lids=False))
        points = seen.points
        if points is None or not seen.presence >= calibration.quality.presence:
            return None
        near = _timed(spent, "encode_mobilefacenet", lambda: matcher.first.describe(rgb, points))
        far = _timed(spent, "encode_face_recognition", lambda: matcher.second.describe(rgb, points))
        return np.concatenate([near, far])

    return Way("shipped", describe, matcher.distance, calibration.match.tolerance)


def default_way() -> Way:
    """face_recognition as its manual shows it: HOG, first face, tolerance 0.6."""

    def describe(rgb: Pixels, spent: Measured) -> Descriptor | None:
        boxes = _timed(spent, "default_detect", lambda: face_recognition.face_locations(rgb))
        if not boxes:
            return None
        found = _timed(spent, "default_encode", lambda: face_recognition.face_encodings(rgb, boxes[:1]))
        return np.asarray(found[0], np.float64)

    return Way("face_recognition", describe, lambda one, other: float(np.linalg.norm(one - other)), 0.6)


def images_of(folder: Path) -> list[Path]:
    """`<person>/<image>`, in order."""
    return sorted(p for p in folder.glob("*/*") if p.suffix.lower() in SUFFIXES and p.is_file())


def read(path: Path) -> Pixels | None:
    """RGB pixels, or None for a file that is no picture."""
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, ValueError, Image.DecompressionBombError):
        return None


def described(way: Way, paths: Iterable[Path]) -> dict[Path, Descriptor | None]:
    """A descriptor for every image; None where none could be acquired."""
    found = {}
    for path in paths:
        rgb = read(path)
        found[path] = None if rgb is None else way.describe(rgb, {})
    return found


def speed(ways: Sequence[Way], paths: Sequence[Path]) -> tuple[dict[str, float], dict[str, float]]:
    """Median processor ms of each step, and mean processor ms of a whole image for each way, in turn on one canvas."""
    steps: Measured = {}
    whole: Measured = {way.name: [] for way in ways}
    for path in paths:
        rgb = read(path)
        if rgb is None:
            continue
        canvas = on_canvas(rgb)
        for way in ways:
            _timed(whole, way.name, lambda way=way, canvas=canvas: way.describe(canvas, steps))  # type: ignore[misc]
    return (
        {name: round(median(values), 2) for name, values in steps.items()},
        {name: sum(values) / len(values) for name, values in whole.items() if values},
    )


def on_canvas(rgb: Pixels) -> Pixels:
    """The picture as large as it fits into a phone's frame, on black."""
    picture = Image.fromarray(rgb)
    scale = min(CANVAS[0] / picture.width, CANVAS[1] / picture.height)
    fitted = picture.resize(
        (round(picture.width * scale), round(picture.height * scale)), Image.Resampling.BICUBIC
    )
    canvas = Image.new("RGB", CANVAS)
    canvas.paste(fitted, ((CANVAS[0] - fitted.width) // 2, (CANVAS[1] - fitted.height) // 2))
    return np.asarray(canvas)


def _timed(spent: Measured, name: str, step: Callable[[], Any]) -> Any:
    """Run a step and note its processor time in ms."""
    started = time.process_time()
    result = step()
    spent.setdefault(name, []).append((time.process_time() - started) * 1000)
    return result
