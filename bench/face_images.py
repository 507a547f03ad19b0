"""Faces in folders 人脸数据: acquiring images by the shipped way and by face_recognition's default, and the time of both."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
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
from services.face.engine.types import Descriptor, Pixels, Points

CANVAS = (640, 480)
SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp"}
Measured = dict[str, list[float]]


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One image in both parts it can play: the authority's photo, and a frame that is compared with one."""

    photo: Descriptor
    frame: Descriptor


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One way from a picture to its descriptors; `frame` notes the time of its steps."""

    name: str
    frame: Callable[[Pixels, Measured], Descriptor | None]
    face: Callable[[Pixels], Face | None]
    distance: Callable[[Descriptor, Descriptor], float]
    tolerance: float

    def distances(self, faces: Sequence[Face | None]) -> list[float]:
        """Of all unordered pairs, the earlier image as the photo; infinite where one was not acquired."""
        return [self.between(one, other) for one, other in combinations(faces, 2)]

    def between(self, photo: Face | None, frame: Face | None) -> float:
        """Distance of two faces, infinite when one was not acquired."""
        if photo is None or frame is None:
            return float("inf")
        return self.distance(photo.photo, frame.frame)


def shipped_way(models_dir: Path, calibration: Calibration, common: tuple[float, ...] | None = None) -> Way:
    """Analyser, matcher and tolerance of the product; another common direction when it is to be found anew."""
    if common is not None:
        calibration = replace(calibration, fusion=replace(calibration.fusion, common=common))
    files = load_model_files(models_dir)
    analyser, matcher = LandmarkAnalyser(files), fused_matcher(models_dir, files, calibration)

    def points_of(rgb: Pixels, spent: Measured) -> Points | None:
        seen = _timed(spent, "detect_and_landmarks", lambda: analyser.look(rgb, lids=False))
        return seen.points if seen.presence >= calibration.quality.presence else None

    def frame(rgb: Pixels, spent: Measured) -> Descriptor | None:
        points = points_of(rgb, spent)
        if points is None:
            return None
        near = _timed(spent, "encode_mobilefacenet", lambda: matcher.first.describe(rgb, points))
        far = _timed(spent, "encode_face_recognition", lambda: matcher.second.describe(rgb, points))
        return np.concatenate([near, far])

    def face(rgb: Pixels) -> Face | None:
        points = points_of(rgb, {})
        if points is None:
            return None
        far = matcher.second.describe(rgb, points)
        photo, near = matcher.first.describe_photo(rgb, points), matcher.first.describe(rgb, points)
        return Face(np.concatenate([photo, far]), np.concatenate([near, far]))

    return Way("shipped", frame, face, matcher.distance, calibration.match.tolerance)


def default_way() -> Way:
    """face_recognition as its manual shows it: HOG, first face, tolerance 0.6."""

    def frame(rgb: Pixels, spent: Measured) -> Descriptor | None:
        boxes = _timed(spent, "default_detect", lambda: face_recognition.face_locations(rgb))
        if not boxes:
            return None
        found = _timed(spent, "default_encode", lambda: face_recognition.face_encodings(rgb, boxes[:1]))
        return np.asarray(found[0], np.float64)

    def face(rgb: Pixels) -> Face | None:
        descriptor = frame(rgb, {})
        return None if descriptor is None else Face(descriptor, descriptor)

    def distance(one: Descriptor, other: Descriptor) -> float:
        return float(np.linalg.norm(one - other))

    return Way("face_recognition", frame, face, distance, 0.6)


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


def described(way: Way, paths: Iterable[Path]) -> dict[Path, Face | None]:
    """Descriptors of every image; None where no face could be acquired."""
    found = {}
    for path in paths:
        rgb = read(path)
        found[path] = None if rgb is None else way.face(rgb)
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
            _timed(whole, way.name, lambda way=way, canvas=canvas: way.frame(canvas, steps))  # type: ignore[misc]
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
