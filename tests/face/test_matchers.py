"""The matchers: dlib's network gives face_recognition's own numbers, and the pair of them tells people apart."""

import shutil
from pathlib import Path

import face_recognition
import face_recognition_models
import numpy as np
import pytest
from PIL import Image

from services.face.adapters import matcher as matcher_module
from services.face.adapters.dlib_network import DlibNetwork, NotTheNetwork, to_onnx
from services.face.adapters.engine import fused_matcher
from services.face.adapters.fused import FusedMatcher
from services.face.adapters.landmarks import LandmarkAnalyser
from services.face.adapters.matcher import FaceRecognitionMatcher, face_box
from services.face.adapters.model_files import ModelRefused, load_model_files
from services.face.engine.alignment import PLACES, aligned, five_points
from services.face.engine.calibration import load_calibration
from services.face.engine.types import Pixels, Points
from tests.face.conftest import CALIBRATION, ROOT

PORTRAITS = ("obama", "biden", "astronaut")
TOLERANCE = load_calibration(CALIBRATION).match.tolerance


@pytest.fixture(scope="module")
def analyser(models_dir: Path) -> LandmarkAnalyser:
    return LandmarkAnalyser(load_model_files(models_dir))


@pytest.fixture(scope="module")
def shipped(models_dir: Path) -> FusedMatcher:
    return fused_matcher(models_dir, load_model_files(models_dir), load_calibration(CALIBRATION))


def _seen(analyser: LandmarkAnalyser, portrait: str, name: str = "reference") -> tuple[Pixels, Points]:
    path = ROOT / "sandbox" / "portraits" / portrait / f"{name}.jpg"
    rgb = np.asarray(Image.open(path).convert("RGB"))
    points = analyser.look(rgb, lids=False).points
    assert points is not None
    return rgb, points


@pytest.mark.parametrize("portrait", PORTRAITS)
@pytest.mark.parametrize("name", ["reference", "actor"])
def test_descriptors_are_face_recognitions_own(
    analyser: LandmarkAnalyser, models_dir: Path, portrait: str, name: str
) -> None:
    rgb, points = _seen(analyser, portrait, name)
    own = face_recognition.face_encodings(rgb, [face_box(points)], num_jitters=1, model="small")[0]
    ours = FaceRecognitionMatcher(models_dir).describe(rgb, points)
    assert np.abs(ours - own).max() <= 1e-5


def test_chips_of_noise_and_of_one_colour_are_described_alike(models_dir: Path) -> None:
    weights = Path(face_recognition_models.face_recognition_model_location()).read_bytes()
    network = DlibNetwork(weights)
    draw = np.random.default_rng(7)
    chips = [np.full((150, 150, 3), level, np.uint8) for level in (0, 255)]
    chips += [draw.integers(0, 256, (150, 150, 3), np.uint8) for _ in range(4)]
    for chip in chips:
        own = np.asarray(face_recognition.api.face_encoder.compute_face_descriptor(chip))
        assert np.abs(network.describe(chip) - own).max() <= 1e-5


def test_a_cut_or_shuffled_weight_file_is_refused() -> None:
    weights = Path(face_recognition_models.face_recognition_model_location()).read_bytes()
    for wrong in (b"", weights[:-200], weights[:400] + weights[40_000:]):
        with pytest.raises(NotTheNetwork):
            to_onnx(wrong)


def test_another_network_file_than_the_manifest_names_refuses(models_dir: Path, tmp_path: Path) -> None:
    text = (models_dir / "manifest.toml").read_text(encoding="utf-8")
    (tmp_path / "manifest.toml").write_text(text.replace('sha256 = "55533b28', 'sha256 = "00033b28'))
    with pytest.raises(ModelRefused):
        FaceRecognitionMatcher(tmp_path)


def test_a_network_that_answers_otherwise_refuses(models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    true = DlibNetwork.describe
    monkeypatch.setattr(matcher_module.DlibNetwork, "describe", lambda self, chip: true(self, chip) + 1e-4)
    with pytest.raises(ModelRefused):
        FaceRecognitionMatcher(models_dir)


def test_a_changed_mobilefacenet_refuses(models_dir: Path, tmp_path: Path) -> None:
    for path in [*models_dir.glob("*.tflite"), models_dir / "manifest.toml"]:
        shutil.copy(path, tmp_path / path.name)
    (tmp_path / "MobileFaceNet.tflite").write_bytes(b"another network")
    with pytest.raises(ModelRefused):
        load_model_files(tmp_path)


def test_one_person_is_near_and_strangers_are_far(analyser: LandmarkAnalyser, shipped: FusedMatcher) -> None:
    faces = {name: shipped.describe(*_seen(analyser, name)) for name in PORTRAITS}
    again = {name: shipped.describe(*_seen(analyser, name, "actor")) for name in PORTRAITS}
    for one in PORTRAITS:
        for other in PORTRAITS:
            distance = shipped.distance(faces[one], again[other])
            assert (distance <= TOLERANCE) == (one == other)
            assert distance <= 0.75 or distance > 1.2
    assert not shipped.distance(faces["obama"], faces["obama"][:-1]) <= TOLERANCE
    assert not shipped.distance(faces["obama"], np.full_like(faces["obama"], np.nan)) <= TOLERANCE


def test_size_and_slant_of_a_face_hardly_matter(analyser: LandmarkAnalyser, shipped: FusedMatcher) -> None:
    rgb, points = _seen(analyser, "obama")
    here = shipped.first.describe(rgb, points)
    picture = Image.fromarray(rgb)
    for changed in (picture.resize((picture.width * 3, picture.height * 3)), picture.rotate(12, expand=True)):
        other = np.asarray(changed)
        seen = analyser.look(other, lids=False).points
        assert seen is not None
        assert shipped.first.distance(here, shipped.first.describe(other, seen)) < 0.35


def test_alignment_puts_the_five_points_where_they_belong(analyser: LandmarkAnalyser) -> None:
    rgb, points = _seen(analyser, "obama")
    face = aligned(rgb, points)
    assert face.shape == (112, 112, 3)
    again = analyser.look(np.asarray(Image.fromarray(face).resize((224, 224))), lids=False).points
    assert again is not None
    away = np.abs(five_points(again) / 2 - PLACES).max(axis=1)
    assert away[:2].max() < 3  # eyes
    assert away.max() < 9  # the corners of a smiling mouth
