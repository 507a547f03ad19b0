"""The documents drawn from the code are as the code is now."""

from __future__ import annotations

import pytest

from config.settings import ROOT
from runtime.cli.docs import PAGES


@pytest.mark.parametrize("name", PAGES)
def test_document_is_up_to_date(name):
    written = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert written == PAGES[name](), "run `make docs`"
