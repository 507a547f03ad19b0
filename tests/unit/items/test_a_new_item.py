"""One file in the catalogue makes an item: in the registry, in the API reference and behind the API, nothing else changed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from apiflask import APIFlask

from app.member_api.items import make_blueprint
from runtime.cli.docs import items_page
from services.core.errors import NotFound
from services.items import catalog
from services.items.registry import FaultyItem, Registry, load_registry

FILE = '''"""异地缴存证明: made up for this test."""

from dataclasses import replace

from services.items.catalog.contribution_certificate import ITEM as LIKE

ITEM = replace(
    LIKE,
    code="other-place-certificate",
    name_zh="异地缴存证明",
    module="39",
    effect=replace(LIKE.effect, kind="other_place", name="异地缴存证明"),
)
'''


@pytest.fixture
def grown(tmp_path: Path) -> Iterator[ModuleType]:
    """The catalogue with one more file in a folder of its own."""
    (tmp_path / "other_place_certificate.py").write_text(FILE, encoding="utf-8")
    catalog.__path__.append(str(tmp_path))
    yield catalog
    catalog.__path__.remove(str(tmp_path))
    sys.modules.pop(f"{catalog.__name__}.other_place_certificate", None)


def test_it_is_found(grown: ModuleType, registry: Registry) -> None:
    found = load_registry(grown)
    assert {item.code for item in found} - {item.code for item in registry} == {"other-place-certificate"}
    assert len(found) == len(registry) + 1


def test_it_is_in_the_api_and_in_its_reference(grown: ModuleType) -> None:
    app = APIFlask("probe")
    app.register_blueprint(make_blueprint(load_registry(grown)))
    base = "/api/v1/items/other-place-certificate"
    assert {base, f"{base}/quote", f"{base}/applications"} <= {rule.rule for rule in app.url_map.iter_rules()}
    with app.app_context():
        paths = app.spec["paths"]
    assert {base, f"{base}/quote", f"{base}/applications"} <= paths.keys()
    assert "异地缴存证明" in paths[base]["get"]["summary"]


def test_it_is_in_the_documents(grown: ModuleType) -> None:
    assert "异地缴存证明" in items_page()


def test_without_the_file_it_is_gone(registry: Registry) -> None:
    with pytest.raises(NotFound):
        registry.get("other-place-certificate")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("code='rent-withdrawal'", "share a code"),
        ("code='Other_Place'", "lower-case"),
        ("examples=LIKE.examples[:1]", "accepted and a refused example"),
        ("kind='withdrawal'", "has an amount rule"),
        ("private_fields=frozenset({'secret'})", "not in the form"),
    ],
)
def test_a_faulty_file_stops_the_program(tmp_path: Path, grown: ModuleType, change: str, fault: str) -> None:
    """Better no start than a wrong answer."""
    text = FILE.replace(
        'code="other-place-certificate",', 'code="other-place-certificate",' if "code" not in change else ""
    )
    (tmp_path / "other_place_certificate.py").write_text(
        text.replace("    LIKE,\n", f"    LIKE,\n    {change},\n"), encoding="utf-8"
    )
    sys.modules.pop(f"{catalog.__name__}.other_place_certificate", None)
    with pytest.raises(FaultyItem, match=fault):
        load_registry(import_module(grown.__name__))
