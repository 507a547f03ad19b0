"""The Chromium of the browser tests starts, and has a Han font."""

from playwright.sync_api import Browser

_GLYPH = """character => {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 40;
  const pen = canvas.getContext('2d');
  pen.font = '32px sans-serif';
  pen.fillText(character, 2, 34);
  return canvas.toDataURL();
}"""


def test_han_characters_have_glyphs_of_their_own(browser: Browser) -> None:
    page = browser.new_page()
    drawn = {page.evaluate(_GLYPH, character) for character in "安居房金\U0010fffd"}
    assert len(drawn) == 5  # without a font all would be the same box
    page.close()
