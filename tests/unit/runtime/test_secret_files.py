"""密钥文件: made once, random, readable by us alone."""

import stat
from pathlib import Path

from config.production import OWN_KEYS
from runtime import secret_files


def test_keys_are_made_once_and_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    secret_files.prepare(folder)
    first = {path.name: path.read_text() for path in folder.iterdir()}
    secret_files.prepare(folder)
    assert set(first) == set(OWN_KEYS)
    assert {path.name: path.read_text() for path in folder.iterdir()} == first
    assert len(set(first.values())) == len(OWN_KEYS)
    assert {len(bytes.fromhex(text)) for text in first.values()} == {32}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
