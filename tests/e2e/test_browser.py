"""The Chromium of the browser tests starts, and has a Han font."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from runtime.browser import NoBrowser, find_chromium

_GLYPH = """character => {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 40;
  const pen = canvas.getContext('2d');
  pen.font = '32px sans-serif';
  pen.fillText(character, 2, 34);
  return canvas.toDataURL();
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    try:
        spec = find_chromium()
    except NoBrowser as reason:
        pytest.skip(str(reason))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=spec.path, args=list(spec.args), env={**os.environ, **spec.env}
        )
        yield browser
        browser.close()


def test_han_characters_have_glyphs_of_their_own(chromium: Browser) -> None:
    page = chromium.new_page()
    drawn = {page.evaluate(_GLYPH, character) for character in "安居房金\U0010fffd"}
    assert len(drawn) == 5  # without a font all would be the same box
    page.close()
