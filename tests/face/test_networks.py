"""The networks on real portraits: points, lids, faces counted, faces told apart."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from services.face.adapters.landmarks import LandmarkAnalyser
from services.face.adapters.matcher import FaceRecognitionMatcher
from services.face.adapters.model_files import ModelRefused, load_model_files
from services.face.engine import quality
from services.face.engine.calibration import load_calibration
from services.face.engine.geometry import eye_distance, upright_turn
from services.face.engine.types import Pixels
from tests.face.conftest import CALIBRATION, ROOT, grey_picture, reference


@pytest.fixture(scope="module")
def analyser(models_dir: Path) -> LandmarkAnalyser:
    return LandmarkAnalyser(load_model_files(models_dir))


@pytest.fixture(scope="module")
def matcher(models_dir: Path) -> FaceRecognitionMatcher:
    return FaceRecognitionMatcher(models_dir)


def _photo(portrait: str) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(reference(portrait))).convert("RGB"))


def test_one_face_with_its_points(analyser: LandmarkAnalyser) -> None:
    seen = analyser.look(_photo("obama"), lids=True)
    assert len(seen.faces) == 1
    assert seen.points is not None
    assert seen.points.shape == (468, 3)
    assert seen.presence > 0.9
    assert seen.lids is not None
    assert all(0.05 < lid < 0.6 for lid in seen.lids)
    assert abs(upright_turn(seen.points).yaw) < 15
    box = seen.faces[0]
    assert box.x < seen.points[4, 0] < box.x + box.width
    assert 0.2 * box.width < eye_distance(seen.points) < 0.8 * box.width


def test_no_face_where_there_is_none(analyser: LandmarkAnalyser) -> None:
    seen = analyser.look(grey_picture(), lids=True)
    assert seen.faces == ()
    assert seen.points is None
    limits = load_calibration(CALIBRATION).quality
    assert quality.fault(grey_picture(), seen, limits) == "face.none"


def test_two_faces_are_never_reduced_to_one(analyser: LandmarkAnalyser) -> None:
    one = Image.fromarray(_photo("obama")).resize((240, 296))
    pair = Image.new("RGB", (480, 296))
    pair.paste(one, (0, 0))
    pair.paste(Image.fromarray(_photo("biden")).resize((240, 296)), (240, 0))
    rgb = np.asarray(pair)
    seen = analyser.look(rgb, lids=False)
    assert quality.fault(rgb, seen, load_calibration(CALIBRATION).quality) == "face.multiple"


@pytest.mark.parametrize(("light", "code"), [(0.15, "face.too_dark"), (4.0, "face.too_bright")])
def test_light(analyser: LandmarkAnalyser, light: float, code: str) -> None:
    rgb = np.clip(_photo("obama") * light, 0, 255).astype(np.uint8)
    seen = analyser.look(_photo("obama"), lids=False)
    assert quality.fault(rgb, seen, load_calibration(CALIBRATION).quality) == code


def test_a_face_out_of_focus(analyser: LandmarkAnalyser) -> None:
    small = Image.fromarray(_photo("obama")).resize((30, 37))
    rgb = np.asarray(small.resize((358, 441), Image.Resampling.BICUBIC))
    seen = analyser.look(_photo("obama"), lids=False)
    assert quality.fault(rgb, seen, load_calibration(CALIBRATION).quality) == "face.blurred"


def test_two_photos_of_one_person_are_near_and_others_far(
    analyser: LandmarkAnalyser, matcher: FaceRecognitionMatcher
) -> None:
    def described(rgb: Pixels) -> np.ndarray:
        points = analyser.look(rgb, lids=False).points
        assert points is not None
        return matcher.describe(rgb, points)

    scene = Image.open(ROOT / "sandbox/portraits/obama/actor.jpg").convert("RGB")
    obama, other = described(_photo("obama")), described(np.asarray(scene))
    assert matcher.distance(obama, other) <= 0.40
    assert matcher.distance(obama, described(_photo("biden"))) > 0.60
    assert not matcher.distance(obama, obama[:127]) <= 0.40
    assert not matcher.distance(obama, np.full(128, np.nan)) <= 0.40


def test_cut_pictures_stay_an_error_after_face_recognition_is_loaded() -> None:
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_a_changed_or_absent_model_refuses_to_load(models_dir: Path, tmp_path: Path) -> None:
    for path in [*models_dir.glob("*.tflite"), models_dir / "manifest.toml"]:
        shutil.copy(path, tmp_path / path.name)
    assert set(load_model_files(tmp_path))
    mesh = tmp_path / "face_landmark.tflite"
    content = bytearray(mesh.read_bytes())
    content[1000] ^= 1
    mesh.write_bytes(content)
    with pytest.raises(ModelRefused):
        load_model_files(tmp_path)
    mesh.unlink()
    with pytest.raises(ModelRefused):
        load_model_files(tmp_path)
