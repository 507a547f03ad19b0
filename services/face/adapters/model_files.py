"""Model files on disk 模型文件: only what the manifest names, with the right SHA-256, is loaded."""

import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path


class ModelRefused(Exception):
    """A model file is absent or is not the file the manifest names."""


def load_model_files(models_dir: Path) -> dict[str, bytes]:
    """Content of every file in the manifest, checked; raises ModelRefused."""
    manifest = tomllib.loads((models_dir / "manifest.toml").read_text(encoding="utf-8"))
    return {
        entry["name"]: _checked(models_dir / entry["name"], entry["sha256"]) for entry in manifest["file"]
    }


def check_installed(models_dir: Path, contents: Mapping[str, bytes]) -> None:
    """Model files that came with an installed package: each must be the one the manifest names, else ModelRefused."""
    manifest = tomllib.loads((models_dir / "manifest.toml").read_text(encoding="utf-8"))
    pinned = {entry["name"]: entry["sha256"] for entry in manifest["installed"]}
    for name, content in contents.items():
        if hashlib.sha256(content).hexdigest() != pinned.get(name):
            raise ModelRefused(f"model file {name} has another SHA-256 than the manifest")


def _checked(path: Path, sha256: str) -> bytes:
    if not path.is_file():
        raise ModelRefused(f"model file {path.name} is absent: run python -m runtime.cli.fetch_models")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelRefused(f"model file {path.name} has another SHA-256 than the manifest")
    return content
