"""What the product stands on: locked with hashes, above the floors, without what lets data act or secrets be timed."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
from packaging.version import Version

from config.settings import ROOT
from tests.architecture.sources import PRODUCT, name, python_files, tree

LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-node.txt")
FLOORS = tomllib.loads(Path(__file__).with_name("floors.toml").read_text(encoding="utf-8"))
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)
_LOADERS = {"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "jsonpickle", "yaml"}
_SECRET = re.compile(r"(^|_)(sign|signature|hmac|token|seal|otp|csrf|secret|code_mac|mark)$")
"""Not the keyed look-up values of rows (`*_mac`): who does not hold the key cannot steer them."""
_IN_OTHER_WORDS = ("hex", "digest", "hexdigest", "encode", "decode")


def locked(name: str) -> dict[str, list[Version]]:
    """Packages of a lock file; one may stand there for several Pythons."""
    found: dict[str, list[Version]] = {}
    for package, version in _PINNED.findall((ROOT / name).read_text(encoding="utf-8")):
        found.setdefault(package.lower(), []).append(Version(version))
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_nothing_below_its_floor(name: str) -> None:
    pinned = locked(name)
    floors = FLOORS["floors"] | FLOORS["floors_if_used"]
    low = {
        f"{p} {v}"
        for p, versions in pinned.items()
        for v in versions
        if p in floors and v < Version(floors[p])
    }
    assert low == set()
    assert pinned.keys().isdisjoint(FLOORS["not_allowed"])


def test_what_has_a_floor_is_locked() -> None:
    """A name written wrongly would ask for nothing."""
    assert FLOORS["floors"].keys() <= locked("requirements.txt").keys()


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_has_its_hash(name: str) -> None:
    parts = re.split(r"(?m)^(?=[A-Za-z0-9._-]+==)", (ROOT / name).read_text(encoding="utf-8"))[1:]
    assert parts
    assert [part.split()[0] for part in parts if "--hash=sha256:" not in part] == []


def test_no_program_is_loaded_from_data() -> None:
    """No pickle and its like, no YAML, no eval."""
    found = []
    for path in python_files(*PRODUCT):
        for node in ast.walk(tree(path)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.partition(".")[0] in _LOADERS for name in names) or _calls(node, ("eval", "exec")):
                found.append(f"{name(path)}:{getattr(node, 'lineno', 0)}")
    assert found == []


def _calls(node: ast.AST, names: tuple[str, ...]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def test_secrets_are_compared_in_constant_time() -> None:
    """Whatever is named like a seal is never compared by == or !=, unless with a constant."""
    found = []
    for path in python_files(*PRODUCT):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
                sides = [node.left, *node.comparators]
                if any(isinstance(side, ast.Constant) or _is_looked_up(side) for side in sides):
                    continue
                if any(_is_secret(side) for side in sides):
                    found.append(f"{name(path)}:{node.lineno}")
    assert found == []


@pytest.mark.parametrize(
    ("compared", "secret"),
    [
        ("signature", True),
        ("self.token", True),
        ("sign(body)", True),
        ("sealing.signature(body).hex()", True),
        ("hmac.new(key, body, 'sha256').hexdigest()", True),
        ("len(token)", False),
        ("cipher.look_up(openid, 'openid')", False),
        ("hashlib.sha256(data).hexdigest()", False),
    ],
)
def test_what_is_named_or_made_like_a_seal(compared: str, secret: bool) -> None:
    """A seal that is worked out where it is compared is one, too."""
    assert _is_secret(ast.parse(compared, mode="eval").body) == secret


def _is_looked_up(node: ast.expr) -> bool:
    """A keyed value worked out here, by which a row is found."""
    return isinstance(node, ast.Call) and _name(node.func) == "look_up"


def _is_secret(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return bool(_SECRET.search(_name(node)))
    made = node.func
    if isinstance(made, ast.Attribute) and made.attr in _IN_OTHER_WORDS:
        return _is_secret(made.value)
    return ast.unparse(made).startswith("hmac.") or bool(_SECRET.search(_name(made)))


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
