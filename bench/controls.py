"""Controls 防护 switched off one by one: each time its test has to fail. The last line is {"controls": N, "red": N}."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLE = Path(__file__).with_suffix(".toml")
_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "var", "node_modules", "dist", "__pycache__", ".*_cache", "images", "gallery", "models"
)
_FAILED = 1  # pytest: tests ran, and some failed; anything else proves nothing
Control = dict[str, str]


def read_controls() -> list[Control]:
    """The table."""
    found: list[Control] = tomllib.loads(TABLE.read_text(encoding="utf-8"))["control"]
    return found


def switched_off(text: str, control: Control) -> str:
    """A file's text without the control; raises ValueError when its words do not stand there exactly once."""
    if text.count(control["on"]) != 1:
        raise ValueError(
            f"{control['name']}: the words stand {text.count(control['on'])} times in {control['file']}"
        )
    return text.replace(control["on"], control["off"])


def copy_of_the_tree(folder: Path) -> Path:
    """The sources in a folder of their own; models are only read, so they are the same."""
    tree = folder / "tree"
    shutil.copytree(ROOT, tree, ignore=_LEFT_OUT)
    (tree / "models").symlink_to(ROOT / "models")
    return tree


def run_tests(tree: Path, *tests: str) -> int:
    """How pytest ends."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    return subprocess.run(command, cwd=tree, capture_output=True, check=False, timeout=900).returncode


def goes_red(tree: Path, control: Control) -> bool:
    """Whether the test fails without the control; the file is as before afterwards."""
    path = tree / control["file"]
    text = path.read_text(encoding="utf-8")
    path.write_text(switched_off(text, control), encoding="utf-8")
    try:
        return run_tests(tree, control["test"]) == _FAILED
    finally:
        path.write_text(text, encoding="utf-8")


def main() -> int:
    """Every control, or those whose name begins as asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="the beginning of a control's name")
    controls = [
        control for control in read_controls() if control["name"].startswith(parser.parse_args().only)
    ]
    red = 0
    with tempfile.TemporaryDirectory(prefix="anju-controls-") as folder:
        tree = copy_of_the_tree(Path(folder))
        if run_tests(tree, *{control["test"] for control in controls}) != 0:
            print(
                "with every control on, the tests do not pass: what follows would show nothing",
                file=sys.stderr,
            )
            return 2
        for control in controls:
            fails = goes_red(tree, control)
            red += fails
            print(f"{'red  ' if fails else 'GREEN'}  {control['name']:<48} {control['test']}", flush=True)
    print(json.dumps({"controls": len(controls), "red": red}))
    return 0 if red == len(controls) else 1


if __name__ == "__main__":
    raise SystemExit(main())
