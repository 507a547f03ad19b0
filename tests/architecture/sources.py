"""The tree as the architecture tests see it: tracked files and parsed modules."""

import ast
import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("app", "config", "runtime", "services", "wechat")
_LEFT_OUT = {".git", ".venv", "var", "node_modules", "dist", "__pycache__"}


def python_files(*folders: str) -> list[Path]:
    """Python files of some top folders."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py") if _kept(path))


@functools.cache
def tree(path: Path) -> ast.Module:
    """A module's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def name(path: Path) -> str:
    """A path as it reads from the root."""
    return str(path.relative_to(ROOT))


def imported(path: Path) -> set[str]:
    """Full names of the modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module)
    return found


def text_files() -> Iterator[tuple[Path, str]]:
    """Every text file that git would keep."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    names = listed.stdout.decode().split("\0") if listed.returncode == 0 else []
    paths = [ROOT / entry for entry in names if entry] or [path for path in ROOT.rglob("*") if _kept(path)]
    for path in paths:
        if path.is_file():
            try:
                yield path, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def _kept(path: Path) -> bool:
    return not _LEFT_OUT & set(path.relative_to(ROOT).parts)
