"""The thresholds in use."""

from pathlib import Path

import pytest

from services.face.engine.calibration import Calibration, load_calibration

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def limits() -> Calibration:
    """config/face_calibration.toml."""
    return load_calibration(ROOT / "config" / "face_calibration.toml")
