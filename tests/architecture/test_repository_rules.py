"""Rules of the house that no linter knows."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture import sources

_CLOCK_FREE = ("app", "services", "wechat")
_CLOCK = "services/core/clock.py"
_READS_THE_CLOCK = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
}
_HOSTS = (
    "pypi" + ".org",
    "python" + "hosted",
    "registry." + "npmjs",
    "npm" + "mirror",
    "deb." + "debian",
    "huggingface" + ".co",
)
_CONFIG_MAY = {*sys.stdlib_module_names, "config", "pydantic", "pydantic_settings", "structlog"}
_SETUP_MAY = {"runtime", "runtime.browser"}


def _money_modules() -> list[Path]:
    """Where nothing but money, days and rules belongs."""
    pure = [path for path in sources.python_files("services") if path.name in ("rules.py", "models.py")]
    return [*pure, *sources.python_files("services/ledger"), sources.ROOT / "services/core/money.py"]


def _is_float(node: ast.AST) -> bool:
    literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
    called = isinstance(node, ast.Name) and node.id == "float"
    return literal or called or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div))


def _is_amount(node: ast.AST) -> bool:
    named = getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "arg", None)
    return isinstance(named, str) and named.endswith("_fen")


def test_money_modules_use_no_float() -> None:
    found = [
        f"{sources.name(path)}:{node.lineno}"  # type: ignore[attr-defined]
        for path in _money_modules()
        for node in ast.walk(sources.tree(path))
        if _is_float(node)
    ]
    assert found == []


def test_no_statement_mixes_amounts_and_floats() -> None:
    found = []
    for path in sources.python_files(*sources.PRODUCT):
        for node in ast.walk(sources.tree(path)):
            if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Return | ast.Expr):
                inner = list(ast.walk(node))
                if any(map(_is_amount, inner)) and any(map(_is_float, inner)):
                    found.append(f"{sources.name(path)}:{node.lineno}")
    assert found == []


def _clock_readings(path: Path) -> Iterator[str]:
    for node in ast.walk(sources.tree(path)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        owner = node.func.value
        owner_name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
        if (owner_name, node.func.attr) in _READS_THE_CLOCK:
            yield f"{sources.name(path)}:{node.lineno}"


def test_only_the_clock_reads_the_time() -> None:
    files = [path for path in sources.python_files(*_CLOCK_FREE) if sources.name(path) != _CLOCK]
    assert [place for path in files for place in _clock_readings(path)] == []


def test_amounts_are_integers() -> None:
    """Whatever is named *_fen is annotated int (or a column or type of int), never float or Decimal."""
    wrong = []
    for path in sources.python_files(*sources.PRODUCT):
        for node in ast.walk(sources.tree(path)):
            pair = _annotated(node)
            if pair and pair[0].endswith("_fen") and {"float", "Decimal"} & _names_in(pair[1]):
                wrong.append(f"{sources.name(path)}: {pair[0]}")
    assert wrong == []


def _annotated(node: ast.AST) -> tuple[str, ast.expr] | None:
    if isinstance(node, ast.arg) and node.annotation is not None:
        return node.arg, node.annotation
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id, node.annotation
    return None


def _names_in(node: ast.expr) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def test_every_module_says_what_it_is() -> None:
    files = sources.python_files(*sources.PRODUCT, "sandbox", "bench", "tests", "migrations")
    silent = [
        sources.name(path)
        for path in files
        if path.stat().st_size > 1 and not ast.get_docstring(sources.tree(path))
    ]
    assert silent == []


def test_no_package_host_is_written_down() -> None:
    named = [
        (sources.name(path), host) for path, text in sources.text_files() for host in _HOSTS if host in text
    ]
    assert named == []


def test_setup_needs_nothing_but_python() -> None:
    files = [*sources.python_files("runtime/setup"), sources.ROOT / "runtime/browser.py"]
    foreign = {
        (sources.name(path), module)
        for path in files
        for module in sources.imported(path)
        if module.split(".")[0] not in sys.stdlib_module_names
        and module not in _SETUP_MAY
        and not module.startswith("runtime.setup")
    }
    assert foreign == set()


def test_config_knows_little() -> None:
    foreign = {
        (sources.name(path), module)
        for path in sources.python_files("config")
        for module in sources.imported(path)
        if module.split(".")[0] not in _CONFIG_MAY
    }
    assert foreign == set()


@pytest.mark.parametrize(
    ("library", "home"),
    [
        ("dlib", "services/face/adapters/"),
        ("face_recognition", "services/face/adapters/"),
        ("wechatpy", "wechat/"),
        ("tencentcloud", "services/notices/adapters/"),
    ],
)
def test_a_library_stays_behind_its_port(library: str, home: str) -> None:
    users = {
        sources.name(path)
        for path in sources.python_files(*sources.PRODUCT)
        if any(module.split(".")[0] == library for module in sources.imported(path))
    }
    assert {user for user in users if not user.startswith(home)} == set()


def test_files_stay_readable() -> None:
    """Mostly below 150 lines; none beyond 400."""
    lengths = {
        sources.name(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in sources.python_files(*sources.PRODUCT)
    }
    assert {file: length for file, length in lengths.items() if length > 400} == {}
    assert sum(length > 150 for length in lengths.values()) <= len(lengths) // 5
