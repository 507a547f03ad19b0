"""The phone client over HTTP: compressed for who takes it, kept for ever by name, never outside its folder."""

from __future__ import annotations

import gzip
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from app.http import errors
from app.ports import Ports
from app.public.client import serve_client

PAGE = "<!doctype html>" + "页" * 2_000
SCRIPT = "export const words = " + repr(["公积金"] * 500)


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    """A client of three files."""
    folder = tmp_path / "h5"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE, encoding="utf-8")
    (folder / "assets" / "app.js").write_text(SCRIPT, encoding="utf-8")
    (folder / "assets" / "mark.png").write_bytes(bytes(5_000))
    (tmp_path / "secret.js").write_text(SCRIPT, encoding="utf-8")
    app = APIFlask("files")
    errors.install(app)
    serve_client(app, cast(Ports, SimpleNamespace(client_dir=folder)))
    return app.test_client()


def test_texts_are_compressed_for_who_takes_it(client: FlaskClient) -> None:
    plain = client.get("/m/assets/app.js")
    packed = client.get("/m/assets/app.js", headers={"Accept-Encoding": "gzip, br"})
    assert plain.get_data(as_text=True) == SCRIPT
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data).decode() == SCRIPT
    assert len(packed.data) < len(plain.data) / 10
    assert packed.mimetype == plain.mimetype
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("takes", ["", "identity", "gzip;q=0", "br"])
def test_who_does_not_take_it_gets_it_plain(client: FlaskClient, takes: str) -> None:
    answer = client.get("/m/", headers={"Accept-Encoding": takes})
    assert answer.get_data(as_text=True) == PAGE


def test_pictures_stay_as_they_are(client: FlaskClient) -> None:
    answer = client.get("/m/assets/mark.png", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers
    assert len(answer.data) == 5_000


def test_what_the_phone_has_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get("/m/assets/app.js", headers={"Accept-Encoding": "gzip"})
    headers = {"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]}
    again = client.get("/m/assets/app.js", headers=headers)
    assert (again.status_code, again.data) == (304, b"")


def test_two_encodings_are_two_representations(client: FlaskClient) -> None:
    """One strong ETag for both would let a cache join a range of the plain file to the packed one (RFC 9110, 8.8.3)."""
    plain = client.get("/m/assets/app.js")
    packed = client.get("/m/assets/app.js", headers={"Accept-Encoding": "gzip"})
    assert plain.headers["ETag"] != packed.headers["ETag"]
    for takes, tag in (("gzip", plain.headers["ETag"]), ("identity", packed.headers["ETag"])):
        crossed = client.get("/m/assets/app.js", headers={"Accept-Encoding": takes, "If-None-Match": tag})
        assert crossed.status_code == 200
    part = {"Accept-Encoding": "gzip", "Range": "bytes=0-9", "If-Range": packed.headers["ETag"]}
    assert client.get("/m/assets/app.js", headers=part).status_code == 200


@pytest.mark.parametrize("takes", ["gzip", "identity"])
def test_an_unchanged_answer_says_what_it_varies_by(client: FlaskClient, takes: str) -> None:
    first = client.get("/m/assets/app.js", headers={"Accept-Encoding": takes})
    headers = {"Accept-Encoding": takes, "If-None-Match": first.headers["ETag"]}
    again = client.get("/m/assets/app.js", headers=headers)
    assert again.status_code == 304
    assert again.headers["Vary"] == "Accept-Encoding"
    assert again.headers["ETag"] == first.headers["ETag"]


def test_the_page_is_asked_for_each_time_and_the_rest_kept(client: FlaskClient) -> None:
    def kept(path: str) -> Any:
        return client.get(path, headers={"Accept-Encoding": "gzip"}).headers["Cache-Control"]

    assert kept("/m/") == "no-cache"
    assert "immutable" in kept("/m/assets/app.js")


def test_a_script_of_an_older_build_is_missing_and_not_the_page(client: FlaskClient) -> None:
    """A page left open across a deployment asks for it; were it given the page, no browser would call that a failure."""
    gone = client.get("/m/assets/pages.older.js", headers={"Accept-Encoding": "gzip"})
    assert gone.status_code == 404
    assert b"<!doctype" not in gone.data
    assert "immutable" not in gone.headers.get("Cache-Control", "")


@pytest.mark.parametrize("path", ["/m/../secret.js", "/m/%2e%2e/secret.js", "/m/assets/../../secret.js"])
def test_nothing_outside_the_folder(client: FlaskClient, path: str) -> None:
    assert client.get(path, headers={"Accept-Encoding": "gzip"}).status_code == 404


@pytest.mark.parametrize("part", ["bytes=5000-", "bytes=9-1", "bytes=x", "lines=1-2"])
def test_a_part_that_is_not_there_is_the_askers_fault(client: FlaskClient, part: str) -> None:
    answer = client.get("/m/assets/mark.png", headers={"Range": part})
    assert (answer.status_code, answer.get_json()["code"]) == (416, "request.range")
