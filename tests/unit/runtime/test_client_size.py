"""What the sizes count: the page with all it names, compressed; every file of the package, as it lies."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from runtime.client_size import first_page_files, gzipped, package_bytes

PAGE = """<html><head><link rel="icon" href="data:,"/>
<script type="module" crossorigin src="./assets/a-1.js"></script>
<link rel="modulepreload" href="./assets/a-1.js"><link rel="stylesheet" href="./assets/b.css"></head></html>"""


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "assets" / "a-1.js").write_bytes(random.Random(1).randbytes(5000))
    (tmp_path / "assets" / "b.css").write_bytes(b"a" * 5000)
    (tmp_path / "assets" / "unasked.png").write_bytes(b"1" * 7)
    return tmp_path


def test_the_first_page_is_what_it_names_each_once(built: Path) -> None:
    assert [path.name for path in first_page_files(built)] == ["index.html", "a-1.js", "b.css"]


def test_what_cannot_be_compressed_weighs_as_much_as_it_is(built: Path) -> None:
    assert 5000 <= gzipped(built / "assets" / "a-1.js") <= 5050
    assert gzipped(built / "assets" / "b.css") < 60


def test_the_package_is_every_file(built: Path) -> None:
    assert package_bytes(built) == len(PAGE) + 5000 + 5000 + 7


def test_a_page_without_a_script_is_no_page(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<html></html>")
    with pytest.raises(ValueError, match="no script"):
        first_page_files(tmp_path)
