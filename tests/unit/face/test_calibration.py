"""The calibration file: complete, finite, nothing else."""

from pathlib import Path

import pytest

from services.face.engine.calibration import load_calibration
from tests.unit.face.conftest import ROOT

TEXT = (ROOT / "config" / "face_calibration.toml").read_text(encoding="utf-8")


def test_the_match_tolerance_is_never_above_the_measured_one() -> None:
    limits = load_calibration(ROOT / "config" / "face_calibration.toml")
    # The highest hundredth whose bound by people stays within a false match rate of 0.1 %.
    assert limits.match.tolerance <= 1.01
    assert limits.fusion.second_from <= 0.60
    assert max(limits.match.same_frontal, limits.match.same_action) <= 0.87
    assert limits.turn.yaw >= 20
    assert limits.turn.flat >= 0.07
    assert limits.nod.pitch >= 14
    assert limits.version
    assert len(limits.sha256) == 64


def test_what_faces_have_in_common_is_a_direction() -> None:
    common = load_calibration(ROOT / "config" / "face_calibration.toml").fusion.common
    assert len(common) == 192
    assert sum(part * part for part in common) == pytest.approx(1.0, abs=0.001)


def test_face_recognition_alone_stands_below_its_own_default() -> None:
    limits = load_calibration(ROOT / "config" / "face_calibration.toml", "face_recognition")
    assert limits.matcher == "face_recognition"
    assert limits.match.tolerance <= 0.40
    assert max(limits.match.same_frontal, limits.match.same_action) < 0.60


@pytest.mark.parametrize("name", ["", "none", "FUSED", "mobilefacenet"])
def test_an_unknown_matcher_has_no_thresholds(name: str) -> None:
    with pytest.raises(ValueError, match="matcher"):
        load_calibration(ROOT / "config" / "face_calibration.toml", name)


@pytest.mark.parametrize("wrong", ["[1]", "[1.5]", "[nan]", "[true]", '["0.1"]', '"0.1"'])
def test_a_direction_of_anything_else_refuses_to_load(tmp_path: Path, wrong: str) -> None:
    head, rest = TEXT.split("common = [", 1)
    path = tmp_path / "face_calibration.toml"
    path.write_text(f"{head}common = {wrong}{rest.split(']', 1)[1]}", encoding="utf-8")
    with pytest.raises(ValueError, match="Fusion"):
        load_calibration(path)


@pytest.mark.parametrize(
    "wrong",
    [
        TEXT.replace("tolerance = 1.01", "tolerance = nan"),
        TEXT.replace("tolerance = 1.01", "tolerance = inf"),
        TEXT.replace("tolerance = 1.01", "tolerance = true"),
        TEXT.replace("tolerance = 1.01", 'tolerance = "0.40"'),
        TEXT.replace("tolerance = 1.01", "tolerance = -1.0"),
        TEXT.replace("tolerance = 1.01", ""),
        TEXT.replace("tolerance = 1.01", "tolerance = 1.01\nother = 1"),
    ],
)
def test_a_threshold_that_is_no_number_refuses_to_load(tmp_path: Path, wrong: str) -> None:
    assert wrong != TEXT
    path = tmp_path / "face_calibration.toml"
    path.write_text(wrong, encoding="utf-8")
    with pytest.raises(ValueError, match="Match"):
        load_calibration(path)
