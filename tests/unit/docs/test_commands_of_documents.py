"""Every command that a document gives is there: its module, what it can do, and each of its options."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path

import pytest

from config.settings import ROOT
from runtime.cli.__main__ import COMMANDS

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/adr/*.md")])
_COMMAND = re.compile(r"python3? -m ([a-z_][a-z_0-9.]*)((?:\s+[^\s`|;#…]+)*)")


def commands(page: Path) -> list[tuple[str, list[str]]]:
    """Modules with the words after them, up to the end of the code or of the line of a block."""
    text = page.read_text(encoding="utf-8")
    spans = [one for block in re.findall(r"```[a-z]*\n(.*?)```", text, re.S) for one in block.splitlines()]
    spans += re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.S))
    found = []
    for span in spans:
        for module, words in _COMMAND.findall(span):
            found += _unfolded(module, words.split())
    return found


def _unfolded(module: str, words: list[str]) -> list[tuple[str, list[str]]]:
    """`runtime.supervisor run … -m MODULE WORDS` is two commands."""
    if "-m" not in words:
        return [(module, words)]
    at = words.index("-m")
    inner = [(words[at + 1], words[at + 2 :])] if words[at + 1 :] else []
    return [(module, words[:at]), *inner]


@cache
def source(module: str) -> str:
    """The module's own words; those of its package, where it is one, and of what the command line adds."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return ""
    folder = Path(spec.origin).parent
    package = spec.submodule_search_locations is not None
    files = sorted(folder.glob("*.py")) if package else [Path(spec.origin)]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def faults(module: str, words: list[str]) -> list[str]:
    """What of a command is not there."""
    if module in ("venv", "pip", "pytest"):
        return []
    text = source(module)
    if not text:
        return [f"{module}: no such module"]
    options = [re.split("[=…]", word)[0] for word in words if re.match("--[a-z]", word)]
    missing = [f"{module}: no option {one}" for one in options if f'"{one}"' not in text]
    first = words[0] if words else ""
    if module == "runtime.cli" and re.fullmatch("[a-z][a-z-]+", first) and first not in COMMANDS:
        missing.append(f"{module}: no command {first}")
    return missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_is_there(page: Path) -> None:
    assert [one for module, words in commands(page) for one in faults(module, words)] == []


def test_what_is_not_there_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Run `python -m runtime.cli close-dayz`, `python -m runtime.cli announce --kin outage`,\n"
        "```sh\npython -m runtime.supervisor run --home var -m runtime.cli.nothing status\n```\n"
    )
    assert [one for module, words in commands(page) for one in faults(module, words)] == [
        "runtime.cli.nothing: no such module",
        "runtime.cli: no command close-dayz",
        "runtime.cli: no option --kin",
    ]
