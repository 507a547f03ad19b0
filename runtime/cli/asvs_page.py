"""The page of ASVS 5.0 要求对照表, drawn from docs/security/asvs.toml."""

from __future__ import annotations

import tomllib
from collections import Counter
from typing import Any

from config.settings import ROOT

SOURCE = ROOT / "docs" / "security" / "asvs.toml"
STATES = ("met", "partly", "not met", "not ours")


def asvs() -> dict[str, Any]:
    """Sections with their numbers of requirements, and the rows."""
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))


def required(sections: dict[str, int]) -> set[str]:
    """Every requirement of levels 1 and 2: in each section they come first."""
    return {f"{section}.{number}" for section, most in sections.items() for number in range(1, most + 1)}


def asvs_page() -> str:
    """docs/asvs.md."""
    found = asvs()
    wanted = required(found["sections"])
    counts: Counter[str] = Counter()
    for row in found["row"]:
        counts[row["state"]] += len(wanted.intersection(row["ids"]))
    told = ", ".join(f"{counts[state]} {state}" for state in STATES)
    return "\n".join(
        [
            "# OWASP ASVS 5.0, levels 1 and 2",
            "",
            "Drawn by `make docs` from [asvs.toml](security/asvs.toml); a test asks that none of the requirements is left",
            f"out and that every test named exists. Of {len(wanted)} requirements: {told}. Words are ours; the numbers are the",
            "standard's. Rows of level 3 are those this product takes on besides.",
            "",
            "| | In our words | State | Shown by |",
            "|---|---|---|---|",
            *(_row(row) for row in found["row"]),
            "",
        ]
    )


def _row(row: dict[str, Any]) -> str:
    state = row["state"] + (f": {row['why']}" if "why" in row else "")
    shown = "<br>".join(f"`{name}`" for name in row.get("tests", ()))
    return f"| {', '.join(row['ids'])} | {row['words']} | {state} | {shown} |"
