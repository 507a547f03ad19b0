"""Each import contract is seen to fail on a planted violation (that they hold is checked by lint-imports)."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

_PACKAGES = ("app", "config", "runtime", "sandbox", "services", "wechat")
_PLANTED = {
    "The parts of the product import downward only": ("wechat/__init__.py", "import app"),
    "Capabilities import downward only, and each has its place": ("services/nowhere/__init__.py", ""),
    "Services know no web framework, no channel library and no settings": (
        "services/audit/planted.py",
        "import flask",
    ),
    "The product does not know the sandbox": ("app/planted.py", "import sandbox"),
    "The sandbox has protocol code of its own": ("sandbox/planted.py", "import services.core"),
    "wechatpy stays under wechat/": ("app/planted.py", "import wechatpy"),
    "The face library stays in its adapters": ("services/face/planted.py", "import face_recognition"),
    "Only the ledger touches the ledger's tables": (
        "services/accounts/planted.py",
        "import services.ledger.models",
    ),
    "Rules are pure": ("services/policies/rules.py", "import sqlalchemy"),
}


def _lint(folder: Path) -> dict[str, str]:
    """The verdict on each contract."""
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(
        [linter, "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"NO_COLOR": "1", "HOME": str(folder)},
    )
    return dict(re.findall(r"^(.+) (KEPT|BROKEN)\b", done.stdout, re.MULTILINE))


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("planted")
    shutil.copy(ROOT / ".importlinter", folder)
    for package in _PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=_not_python)
    for place, line in _PLANTED.values():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
    return _lint(folder)


def _not_python(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if not (Path(folder) / name).is_dir() and not name.endswith(".py")}


def test_every_contract_is_tried(planted: dict[str, str]) -> None:
    assert set(planted) == set(_PLANTED)


@pytest.mark.parametrize("contract", _PLANTED)
def test_contract_fails_on_a_planted_violation(planted: dict[str, str], contract: str) -> None:
    assert planted[contract] == "BROKEN"
