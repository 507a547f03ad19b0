"""Which version is the one before: by the history of the migrations, and honestly none where there is no history."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bench.versions import NoHistory, find_before

_WHO = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "PATH": os.environ["PATH"]}


def git(root: Path, *words: str) -> str:
    """One command of git, as nobody in particular."""
    who = ("-c", "user.name=n", "-c", "user.email=n@example.invalid")
    done = subprocess.run(
        ["git", *who, *words], cwd=root, env=_WHO, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit(root: Path, name: str) -> str:
    """A commit that adds one file; its name."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(name)
    git(root, "add", name)
    git(root, "commit", "-q", "-m", name)
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two migrations, something between them, something after."""
    root = tmp_path / "origin"
    root.mkdir()
    git(root, "init", "-q")
    for name in ("migrations/versions/0001_first.py", "a", "migrations/versions/0002_second.py", "b"):
        commit(root, name)
    return root


def test_it_is_the_commit_before_the_newest_migration(root: Path) -> None:
    before = find_before(root)
    assert before.revision == "0001"
    assert before.commit == git(root, "rev-parse", "HEAD~2")


def test_what_is_not_committed_has_nothing_before_it(root: Path) -> None:
    (root / "migrations/versions/0003_mine.py").write_text("")
    with pytest.raises(NoHistory, match=r"0003_mine\.py is not committed"):
        find_before(root)


def test_a_shallow_clone_says_so(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{root}", "clone")
    with pytest.raises(NoHistory, match="shallow"):
        find_before(tmp_path / "clone")


def test_a_tree_without_git_says_so(tmp_path: Path) -> None:
    (tmp_path / "migrations/versions").mkdir(parents=True)
    (tmp_path / "migrations/versions/0001_first.py").write_text("")
    with pytest.raises(NoHistory, match="no git"):
        find_before(tmp_path)
