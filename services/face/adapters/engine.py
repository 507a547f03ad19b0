"""The judge with its real networks 判定引擎组装, for the child process and for measuring."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from services.face.adapters import mobilefacenet
from services.face.adapters.fused import FusedMatcher
from services.face.adapters.landmarks import LandmarkAnalyser
from services.face.adapters.matcher import FaceRecognitionMatcher
from services.face.adapters.mobilefacenet import MobileFaceNetMatcher
from services.face.adapters.model_files import load_model_files
from services.face.engine.calibration import FUSED, Calibration, load_calibration
from services.face.engine.judge import judge
from services.face.engine.types import Frame, Matcher, Prompt, Verdict

Decide = Callable[[Sequence[Frame], Sequence[Prompt], bytes], Verdict]


def build(models_dir: Path, calibration_path: Path, matcher: str = FUSED) -> tuple[Decide, dict[str, str]]:
    """A judge bound to checked models and thresholds, and the digests of what it uses."""
    calibration = load_calibration(calibration_path, matcher)
    files = load_model_files(models_dir)
    analyser = LandmarkAnalyser(files)
    chosen = chosen_matcher(models_dir, files, calibration)
    decide = partial(judge, analyser=analyser, matcher=chosen, calibration=calibration)
    models = {**analyser.models, **chosen.models, "calibration": calibration.sha256}
    return decide, models


def chosen_matcher(models_dir: Path, files: Mapping[str, bytes], calibration: Calibration) -> Matcher:
    """The matcher the thresholds are of."""
    if calibration.matcher == FUSED:
        return fused_matcher(models_dir, files, calibration)
    return FaceRecognitionMatcher(models_dir)


def fused_matcher(models_dir: Path, files: Mapping[str, bytes], calibration: Calibration) -> FusedMatcher:
    """MobileFaceNet, with face_recognition as the second voice."""
    return FusedMatcher(
        first=MobileFaceNetMatcher(files[mobilefacenet.NAME], calibration.fusion.common),
        second=FaceRecognitionMatcher(models_dir),
        first_length=mobilefacenet.LENGTH,
        second_from=calibration.fusion.second_from,
        second_weight=calibration.fusion.second_weight,
    )
