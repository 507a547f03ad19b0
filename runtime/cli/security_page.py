"""The page of threats 威胁表, drawn from docs/security/threats.toml."""

from __future__ import annotations

import tomllib
from typing import Any

from config.settings import ROOT

SOURCE = ROOT / "docs" / "security" / "threats.toml"


def threats() -> list[dict[str, Any]]:
    """Every threat with its control, where it is built, and the tests that show it."""
    found: list[dict[str, Any]] = tomllib.loads(SOURCE.read_text(encoding="utf-8"))["threat"]
    return found


def security_page() -> str:
    """docs/security.md."""
    rows = threats()
    gaps = [f"- **{row['id']}** {row['open']}." for row in rows if "open" in row]
    return "\n".join(
        [
            "# Threats and controls 威胁与防护",
            "",
            "Drawn by `make docs` from [threats.toml](security/threats.toml); a test asks that every file, symbol and",
            "test named here exists. `make controls` switches controls off one by one and expects their tests to fail.",
            "What people and programs may send, and what they hear, is in `tests/catalogue/bad_inputs.toml`.",
            "",
            "| | Threat | Control | Built at | Shown by |",
            "|---|---|---|---|---|",
            *(_row(row) for row in rows),
            "",
            "## Open",
            "",
            *gaps,
            "",
        ]
    )


def _row(row: dict[str, Any]) -> str:
    mark = " ◐" if "open" in row else ""
    places, shown = ("<br>".join(f"`{name}`" for name in row[key]) for key in ("at", "tests"))
    return f"| {row['id']}{mark} | {row['name']} | {row['control']} | {places} | {shown} |"
