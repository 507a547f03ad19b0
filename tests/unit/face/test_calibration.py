"""The calibration file: complete, finite, nothing else."""

from pathlib import Path

import pytest

from services.face.engine.calibration import load_calibration
from tests.unit.face.conftest import ROOT

TEXT = (ROOT / "config" / "face_calibration.toml").read_text(encoding="utf-8")


def test_the_match_tolerance_is_never_above_the_measured_one() -> None:
    limits = load_calibration(ROOT / "config" / "face_calibration.toml")
    assert (
        limits.match.tolerance <= 0.92
    )  # the highest whose bootstrap bound stays within a false match rate of 0.1 %
    assert limits.fusion.second_from <= 0.60
    assert max(limits.match.same_frontal, limits.match.same_action) <= 0.85
    assert limits.turn.yaw >= 15
    assert limits.turn.flat >= 0.04
    assert limits.version
    assert len(limits.sha256) == 64


@pytest.mark.parametrize(
    "wrong",
    [
        TEXT.replace("tolerance = 0.92", "tolerance = nan"),
        TEXT.replace("tolerance = 0.92", "tolerance = inf"),
        TEXT.replace("tolerance = 0.92", "tolerance = true"),
        TEXT.replace("tolerance = 0.92", 'tolerance = "0.40"'),
        TEXT.replace("tolerance = 0.92", "tolerance = -1.0"),
        TEXT.replace("tolerance = 0.92", ""),
        TEXT.replace("tolerance = 0.92", "tolerance = 0.92\nother = 1"),
    ],
)
def test_a_threshold_that_is_no_number_refuses_to_load(tmp_path: Path, wrong: str) -> None:
    assert wrong != TEXT
    path = tmp_path / "face_calibration.toml"
    path.write_text(wrong, encoding="utf-8")
    with pytest.raises(ValueError, match="Match"):
        load_calibration(path)
