"""The table of ASVS requirements: none is left out, none stands twice, and the tests named are there."""

from __future__ import annotations

from collections import Counter

from runtime.cli.asvs_page import STATES, asvs, required
from tests.support.node_ids import missing

_TABLE = asvs()
_LEVEL_3 = {
    *(
        "V1.2.10",
        "V1.5.3",
        "V2.3.5",
        "V4.1.4",
        "V4.1.5",
        "V5.2.6",
        "V6.3.7",
        "V6.3.8",
        "V6.5.7",
        "V7.5.3",
        "V8.4.2",
    ),
    *("V11.2.4", "V11.3.4", "V13.3.4", "V14.2.6", "V14.2.7", "V14.2.8", "V15.4.1", "V15.4.2", "V15.4.3"),
}
"""Of level 3: what a fund of other people's money takes on besides."""


def test_levels_1_and_2_are_253_requirements() -> None:
    """70 of level 1 and 183 of level 2, in the 17 chapters of the standard."""
    assert len(required(_TABLE["sections"])) == 70 + 183
    assert {section.partition(".")[0] for section in _TABLE["sections"]} == {f"V{n}" for n in range(1, 18)}


def test_every_requirement_stands_in_one_row() -> None:
    counts = Counter(one for row in _TABLE["row"] for one in row["ids"])
    assert [one for one, count in counts.items() if count > 1] == []
    assert set(counts) == required(_TABLE["sections"]) | _LEVEL_3


def test_every_row_is_shown_or_explained() -> None:
    for row in _TABLE["row"]:
        assert row["state"] in STATES
        assert bool(row.get("tests")) == (row["state"] in ("met", "partly")), row["ids"]
        assert ("why" in row) == (row["state"] != "met"), row["ids"]


def test_tests_named_are_there() -> None:
    assert {row["ids"][0]: lost for row in _TABLE["row"] if (lost := missing(row.get("tests", ())))} == {}
