"""The OpenAPI document and the API agree: drawn requests, the same ones each time. Many more: `make schema-fuzz`."""

from __future__ import annotations

from tests.contract.api.access import operations
from tests.support.domain.schema_fuzz import Found, fuzz
from tests.support.domain.world import World


def _asked(found: Found) -> set[str]:
    return {label for label in found.operations if label.partition(" ")[2].startswith("/api/v1/")}


def test_every_operation_answers_as_its_document_says(world: World) -> None:
    """No 5xx, no undocumented shape, nothing wrong taken, nothing right refused for its form, no door without a key."""
    found = fuzz(world, 1, phases=frozenset({"fuzzing"}))
    assert found.failures == {}
    listed = {f"{method} {path}" for _, method, path in operations(world.app.spec) if "/api/v1/" in path}  # type: ignore[attr-defined]
    assert listed <= _asked(found)
    assert found.requests > len(listed)


def test_what_the_document_does_not_say_is_found(world: World) -> None:
    """Seeded: an answer loses its form, and the run says so."""
    spec = world.app.spec  # type: ignore[attr-defined]
    shape = spec["components"]["schemas"]["SessionOut"]
    shape["required"] = [*shape["required"], "not_there"]
    try:
        found = fuzz(world, 1, phases=frozenset({"fuzzing"}), only="/api/v1/session")
    finally:
        shape["required"].remove("not_there")
    assert [name for name in found.failures if "response_schema_conformance" in name] != []
