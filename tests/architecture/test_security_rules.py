"""Rules of safety that no linter knows, read off the syntax of the product; and no secret or person in the tree."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator

import pytest

from config.settings import ROOT
from runtime.cli.docs import PAGES
from tests.architecture.sources import PRODUCT, name, python_files, text_files, tree

Place = tuple[str, str]


def _calls() -> Iterator[tuple[Place, ast.Call, str]]:
    """Every call of the product: where, the node, and the name of what is called."""
    for path in python_files(*PRODUCT):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                called = node.func
                text = ast.unparse(called) if isinstance(called, ast.Attribute | ast.Name) else ""
                yield (name(path), f"{name(path)}:{node.lineno}"), node, text


SQL_FROM_OUR_NAMES = {
    "runtime/key_rotation.py": "table and column of a list in the program",
    "services/face/rights.py": "two tables of a list in the program",
    "runtime/cli/invariants.py": "names of views the database gave",
}


def _composed(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add)
    )


def test_no_statement_is_composed_of_text() -> None:
    """Values are bound. An f-string of constants written by us needs its file in the list above."""
    found = {
        place[1]
        for place, node, called in _calls()
        if called in ("text", "sqlalchemy.text") and node.args and _composed(node.args[0])
        if place[0] not in SQL_FROM_OUR_NAMES and not _only_constants(node.args[0])
    }
    assert found == set()


def _only_constants(node: ast.expr) -> bool:
    """Joined of the module's own capitalised constants."""
    names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    return all(one.lstrip("_").isupper() for one in names)


def test_nobody_outside_is_waited_for_without_end() -> None:
    verbs = {f"requests.{verb}" for verb in ("get", "post", "put", "patch", "delete", "request")}
    found = [
        place[1]
        for place, node, called in _calls()
        if called in verbs and not {"timeout"} & {keyword.arg for keyword in node.keywords}
    ]
    assert found == []


def test_chance_that_guards_something_is_not_guessable() -> None:
    """The module `random` is not for tokens, states, codes, prompts or keys."""
    users = [
        name(path)
        for path in python_files(
            "app", "wechat", "services/core", "services/members", "services/face", "services/staff"
        )
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Import) and any(alias.name == "random" for alias in node.names)
    ]
    assert users == []


@pytest.mark.parametrize(
    "called", ["render_template_string", "Markup", "os.system", "subprocess.getoutput", "tempfile.mktemp"]
)
def test_what_is_not_called_at_all(called: str) -> None:
    assert [place[1] for place, _, text in _calls() if text == called] == []


def test_no_shell() -> None:
    found = [
        place[1]
        for place, node, _ in _calls()
        for keyword in node.keywords
        if keyword.arg == "shell"
        and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
    ]
    assert found == []


def test_tls_is_never_switched_off() -> None:
    found = [
        place[1]
        for place, node, _ in _calls()
        for keyword in node.keywords
        if keyword.arg == "verify"
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value is False
    ]
    assert found == []


_PEM = re.compile("-----BEGIN [A-Z ]*PRIVATE " + "KEY-----")
_CLOUD = re.compile(
    r"AKID(?!sandbox|test|0{8}|x{8})[A-Za-z0-9]{28,}|LTAI(?!sandbox|test|0{8})[A-Za-z0-9]{16,}"
)
_ID = re.compile(r"(?<![0-9A-Za-z.])[1-8][0-9]{16}[0-9Xx](?![0-9A-Za-z])")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_OF_NOBODY = ("659999", "000000")
"""Area codes that are given to no county."""
_BINARY_LIKE = (".json", ".svg", ".lock", ".txt", ".csv")


def _is_id_no(digits: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False))
    born = digits[6:14]
    return (
        "10X98765432"[total % 11] == digits[17].upper()
        and "19000101" <= born <= "20261231"
        and born[4:6] <= "12"
    )


def test_no_private_key_and_no_cloud_key_in_the_tree() -> None:
    found = [str(path) for path, text in text_files() if _PEM.search(text) or _CLOUD.search(text)]
    assert found == []


PUBLISHED = {"11010519491231002X", "440524188001010014", "34052419800101001X"}
"""Examples of the standards themselves."""


def test_no_person_in_the_tree() -> None:
    """An ID number that checks belongs to nobody: its area is one that no county has."""
    found = {
        (name(path), digits[:6])
        for path, text in text_files()
        if path.suffix not in _BINARY_LIKE
        for digits in _ID.findall(text)
        if digits[:6] not in _OF_NOBODY and digits.upper() not in PUBLISHED and _is_id_no(digits)
        if not digits.startswith(
            ("81", "82", "83")
        )  # residents of Hong Kong, Macao, Taiwan: numbers of the catalogue
    }
    assert found == set()


def test_the_bill_of_materials_is_that_of_the_locks() -> None:
    """Every package that is installed, with its hashes; written by `make docs`."""
    kept = (ROOT / "docs" / "security" / "sbom.json").read_text(encoding="utf-8")
    assert kept == PAGES["security/sbom.json"]()
    components = json.loads(kept)["components"]
    assert len(components) > 300
    assert [one["purl"] for one in components if not one["hashes"]] == []
    purls = {one["purl"].rpartition("@")[0] for one in components}
    assert {"pkg:pypi/flask", "pkg:pypi/cryptography", "pkg:npm/vue", "pkg:pypi/ruff"} <= purls
