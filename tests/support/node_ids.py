"""Names of tests 测试名: whether a test that a table points to exists, by its syntax tree, without running anything."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache

from config.settings import ROOT


@cache
def tests_in(path: str) -> frozenset[str]:
    """Names of the test functions of a file; none when there is no such file."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


def missing(node_ids: Iterable[str]) -> list[str]:
    """Those of `path::test` that name no test; `path::*` stands for a file with tests."""
    lost = []
    for node_id in node_ids:
        path, _, name = node_id.partition("::")
        found = tests_in(path)
        if not (found if name == "*" else name.partition("[")[0] in found):
            lost.append(node_id)
    return lost
