"""The catalogue of bad inputs against the running application: each row is one test."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from werkzeug.test import TestResponse

from services.core.errors import Invalid
from services.core.money import parse_yuan
from tests.catalogue import line, places, sealed
from tests.catalogue.rows import Row, load, sent, spelt_out
from tests.catalogue.scene import Scene
from tests.contract.api.reading import problem
from tests.support.node_ids import missing

PLACES = places.PLACES | {"token": sealed.token, "callback": sealed.callback}
WITHOUT_REQUEST = ("wire", "yuan_text")
ROWS = {row["id"]: row for row in sent() if row["place"] not in WITHOUT_REQUEST}
SHORTEST_ECHO = 6
PAGES = ("amount_yuan", "sign_in")


@pytest.mark.parametrize("name", ROWS)
def test_row(scene: Scene, name: str) -> None:
    """The right refusal, in the right words, and nothing has happened."""
    row = spelt_out(ROWS[name])
    status, _, code = row["want"].partition(" ")
    before = scene.counts()
    answer = PLACES[row["place"]](scene, row)
    assert answer.status_code == int(status), answer.get_data(as_text=True)[:500]
    assert scene.counts() == before | _asked_for(answer.status_code, before)
    _check_words(row, answer, int(status), code)


def _asked_for(status: int, before: dict[str, int]) -> dict[str, int]:
    """Who asks for a code leaves one job, whether the claim is right or not: both take the same time."""
    jobs = "procrastinate_jobs"
    return {jobs: before[jobs] + 1} if status == HTTPStatus.ACCEPTED else {}


def _check_words(row: Row, answer: TestResponse, status: int, code: str) -> None:
    said = answer.get_data(as_text=True)
    assert "Traceback" not in said
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    if row["place"] == "callback":
        assert said == "refused"
    elif status >= 400 and row["place"] not in PAGES and row.get("method") != "HEAD":
        body = problem(answer, status, code if code != "*" else None)
        wanted = row.get("field", row.get("at") if code.startswith("field.") else None)
        assert wanted is None or body["field"] == wanted
    if status >= 400:
        _check_nothing_is_repeated(row, said)


def _check_nothing_is_repeated(row: Row, said: str) -> None:
    given = str(row.get("input", row.get("raw", "")))[:40] if row["place"] != "amount_yuan" else ""
    assert len(given) < SHORTEST_ECHO or given not in said
    assert "659999199003070014" not in said
    assert "root:" not in said


@pytest.mark.parametrize("name", [row["id"] for row in sent() if row["place"] == "wire"])
def test_bytes_on_the_line(name: str) -> None:
    """What no application should have to read is refused by the server."""
    row = next(row for row in sent() if row["id"] == name)
    assert line.status_of(spelt_out(row)) == int(row["want"])


def test_a_sound_request_passes_the_server() -> None:
    """So that the refusals above are for what they say."""
    assert line.status_of({"body": r"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"}) == 0


@pytest.mark.parametrize("place", ["yuan_text", "amount_yuan"])
def test_yuan_texts_are_read_by_one_function(place: str) -> None:
    """The same rows, given to the function itself."""
    for row in (spelt_out(row) for row in sent() if row["place"] == place):
        with pytest.raises(Invalid) as refused:
            parse_yuan(row["input"])
        assert f"422 {refused.value.code}" == row["want"], row["id"]


def test_rows_can_be_told_apart() -> None:
    names = [row["id"] for row in load()]
    assert len(names) == len(set(names))


def test_what_is_shown_elsewhere_is_there() -> None:
    """Rows without a request of their own name tests that exist, or say why there is nothing to send."""
    for row in load():
        if row["place"] == "elsewhere":
            assert missing(row["tests"]) == [], row["id"]
        elif row["place"] == "not_applicable":
            assert len(row["why"]) > 20, row["id"]


def test_no_row_of_the_first_catalogue_is_lost() -> None:
    """The numbers it began with; rows may be added, never dropped."""
    numbers = {row["id"].partition(" ")[0] for row in load()}
    first = {
        "D": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 19, 21),
        "N": (1, 3, 5, 6, 7, 8, 9, 11, 12, 13),
        "P": (1, 2, 3, 5, 6, 7, 8),
        "B": (1, 2, 4, 5, 6, 7, 8, 9, 10),
        "A": (1, 2, 3, 4, 5, 6, 7, 8, 9, 11),
        "T": (1, 2, 4, 5, 6, 7, 8),
        "I": (1, 2, 4, 5, 6, 7, 9, 10, 12, 13, 14, 15, 16, 18, 19, 20),
        "J": (1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 13, 15, 16),
        "X": (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 13),
        "H": (1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17),
        "R": tuple(range(1, 13)),
    }
    expected = {f"{letter}{number}" for letter, those in first.items() for number in those}
    assert expected - numbers == set()
    assert sum(name["id"].startswith("S ") for name in load()) == 13
