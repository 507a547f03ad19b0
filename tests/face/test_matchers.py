"""The matchers: dlib's network gives face_recognition's own numbers, and the pair of them tells people apart."""

import shutil
from pathlib import Path

import face_recognition
import face_recognition_models
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from services.face.adapters import matcher as matcher_module
from services.face.adapters.dlib_network import DlibNetwork, NotTheNetwork, to_onnx
from services.face.adapters.engine import chosen_matcher, fused_matcher
from services.face.adapters.fused import FusedMatcher
from services.face.adapters.landmarks import LandmarkAnalyser
from services.face.adapters.matcher import FaceRecognitionMatcher, face_box
from services.face.adapters.mobilefacenet import MobileFaceNetMatcher
from services.face.adapters.model_files import ModelRefused, load_model_files
from services.face.adapters.one_face_network import NotTheNetwork as NotThisNetwork
from services.face.adapters.one_face_network import for_one_face
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


def test_the_rewritten_network_gives_the_files_own_descriptors(
    analyser: LandmarkAnalyser, models_dir: Path
) -> None:
    content = (models_dir / "MobileFaceNet.tflite").read_bytes()
    own = Interpreter(model_content=content, num_threads=1)
    own.allocate_tensors()
    ours = MobileFaceNetMatcher(content)
    for portrait in PORTRAITS:
        for name in ("reference", "actor"):
            face = aligned(*_seen(analyser, portrait, name))
            pair = np.stack([face, face[:, ::-1]]).astype(np.float32)
            own.set_tensor(own.get_input_details()[0]["index"], (pair - 127.5) / 128)
            own.invoke()
            for numbers, side in zip(
                own.get_tensor(own.get_output_details()[0]["index"]), (face, face[:, ::-1]), strict=True
            ):
                cosine = numbers @ ours.raw(side) / np.linalg.norm(numbers) / np.linalg.norm(ours.raw(side))
                assert cosine >= 0.997  # filters rounded to whole numbers; strangers are below 0.5


def test_activations_in_one_step_give_the_very_same_numbers(models_dir: Path) -> None:
    content = (models_dir / "MobileFaceNet.tflite").read_bytes()
    outs = []
    face = np.random.default_rng(3).uniform(-1, 1, (1, 112, 112, 3)).astype(np.float32)
    for model in (content, for_one_face(content, rounded=False)):
        net = Interpreter(model_content=model, num_threads=1)
        net.allocate_tensors()
        batch = net.get_input_details()[0]["shape"][0]
        net.set_tensor(net.get_input_details()[0]["index"], np.repeat(face, batch, axis=0))
        net.invoke()
        outs.append(net.get_tensor(net.get_output_details()[0]["index"])[0])
    assert np.abs(outs[0] - outs[1]).max() <= 1e-4 * np.abs(outs[0]).max()


def test_a_network_that_was_rewritten_wrongly_refuses(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = MobileFaceNetMatcher.raw
    monkeypatch.setattr(MobileFaceNetMatcher, "raw", lambda self, face: true(self, face)[::-1])
    with pytest.raises(ModelRefused):
        MobileFaceNetMatcher((models_dir / "MobileFaceNet.tflite").read_bytes())


def test_a_file_of_another_shape_is_not_rewritten(models_dir: Path) -> None:
    with pytest.raises(NotThisNetwork):
        for_one_face((models_dir / "face_landmark.tflite").read_bytes())


def test_what_all_have_in_common_is_taken_out(analyser: LandmarkAnalyser, models_dir: Path) -> None:
    content = (models_dir / "MobileFaceNet.tflite").read_bytes()
    rgb, points = _seen(analyser, "obama")
    plain = MobileFaceNetMatcher(content).describe(rgb, points)
    common = [1.0] + [0.0] * 191
    matcher = MobileFaceNetMatcher(content, common)
    left = matcher.describe(rgb, points)
    assert left[0] == pytest.approx(0.0, abs=1e-12)
    assert np.linalg.norm(left) == pytest.approx(1.0)
    assert np.allclose(left[1:], plain[1:] / np.linalg.norm(plain[1:]))
    assert matcher.models != MobileFaceNetMatcher(content).models
    with pytest.raises(ModelRefused):
        MobileFaceNetMatcher(content, [1.0, 0.0])


def test_alignment_of_a_part_is_the_alignment_of_the_whole(analyser: LandmarkAnalyser) -> None:
    rgb, points = _seen(analyser, "obama")
    for factor in (1, 3):
        picture = Image.fromarray(rgb).resize((rgb.shape[1] * factor, rgb.shape[0] * factor))
        whole, scaled = np.asarray(picture), points * factor
        framed = np.pad(whole, ((40 * factor,) * 2, (60 * factor,) * 2, (0, 0)))
        moved = scaled + np.array([60, 40, 0]) * factor
        assert np.array_equal(aligned(framed, moved), aligned(whole, scaled))


def test_face_recognition_alone_at_its_strict_tolerance(analyser: LandmarkAnalyser, models_dir: Path) -> None:
    calibration = load_calibration(CALIBRATION, "face_recognition")
    matcher = chosen_matcher(models_dir, load_model_files(models_dir), calibration)
    assert set(matcher.models) == {
        "dlib_face_recognition_resnet_model_v1.dat",
        "shape_predictor_5_face_landmarks.dat",
    }
    photo = matcher.describe_photo(*_seen(analyser, "obama"))
    assert matcher.distance(photo, matcher.describe(*_seen(analyser, "obama", "actor"))) <= 0.40
    assert matcher.distance(photo, matcher.describe(*_seen(analyser, "biden", "actor"))) > 0.60


def test_one_person_is_near_and_strangers_are_far(analyser: LandmarkAnalyser, shipped: FusedMatcher) -> None:
    faces = {name: shipped.describe_photo(*_seen(analyser, name)) for name in PORTRAITS}
    again = {name: shipped.describe(*_seen(analyser, name, "actor")) for name in PORTRAITS}
    for one in PORTRAITS:
        for other in PORTRAITS:
            distance = shipped.distance(faces[one], again[other])
            assert (distance <= TOLERANCE) == (one == other)
            assert distance <= 0.85 or distance > 1.2
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
