"""密钥文件: our own random keys, one file each, readable by us alone."""

import os
import secrets
from pathlib import Path

from config.production import OWN_KEYS

_KEY_BYTES = 32


def prepare(folder: Path) -> None:
    """Make every own key that is missing: 32 random bytes as 64 hex digits. Existing ones stay."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in OWN_KEYS:
        _create(folder / name, secrets.token_hex(_KEY_BYTES))


def _create(path: Path, text: str) -> None:
    if path.exists():
        return
    # Written aside and renamed: a start that is killed here must not leave an empty key behind.
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(text)
    fresh.replace(path)
