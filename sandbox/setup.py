"""Setup 设置: ports, credentials and places of the sandbox, read from config/sandbox.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SETTINGS_FILE = ROOT / "config" / "sandbox.toml"
MEMBERS_FILE = ROOT / "config" / "demo" / "members.toml"
PORTRAITS = ROOT / "sandbox" / "portraits"


@dataclass(frozen=True)
class Setup:
    """Everything the sandbox servers need to know before they start."""

    state: Path
    settings: Mapping[str, Any]
    ports: Mapping[str, int]
    host: str = "127.0.0.1"
    public_base_url: str = "http://127.0.0.1:8600"
    members_file: Path = MEMBERS_FILE
    clock_file: Path | None = None
    import_command: tuple[str, ...] = ()

    def url(self, server: str) -> str:
        """Base URL of one of the sandbox's own servers."""
        return f"http://{self.host}:{self.ports[server]}"


def read_settings(path: Path = SETTINGS_FILE) -> dict[str, Any]:
    """The credentials and ports both sides share in development."""
    return tomllib.loads(path.read_text("utf-8"))
