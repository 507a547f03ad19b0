"""What an address says it takes is what the document says it takes, also where one address looks like another's key."""

from __future__ import annotations

import re

from app.http.request_context import REQUESTS
from services.core.ids import new_id
from tests.support.domain.world import World

_METHODS = {"get", "post", "put", "patch", "delete"}


def test_the_methods_of_every_address_are_the_documented_ones(world_of_process: World) -> None:
    app = world_of_process.app
    addresses = app.url_map.bind("localhost")
    differ = {}
    for path, operations in app.spec["paths"].items():  # type: ignore[attr-defined]
        real = addresses.allowed_methods(re.sub(r"\{[^}]+\}", str(new_id()), path))
        told = {method.upper() for method in operations if method in _METHODS}
        if set(real) - {"HEAD", "OPTIONS"} != told:
            differ[path] = (sorted(real), sorted(told))
    assert differ == {}


def test_a_word_is_no_key_of_a_link(world_of_process: World) -> None:
    answer = world_of_process.app.test_client().open("/api/v1/relatives/accept", method="OPTIONS")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_methods_that_nobody_knows_are_counted_as_one(world_of_process: World) -> None:
    """Each made-up one was a line of the figures for ever, in every process."""
    for number in range(3):
        answer = world_of_process.app.test_client().open("/api/v1/home", method=f"BREW{number}")
        assert answer.status_code == 405
    told = {sample.labels["method"] for metric in REQUESTS.collect() for sample in metric.samples}
    assert "OTHER" in told
    assert told <= {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "OTHER"}
