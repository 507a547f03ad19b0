"""Writing on a certificate 书写: embedded fonts for just its characters, text that can be copied and read aloud."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BytesIO
from itertools import groupby
from threading import Lock

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics, ttfonts
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from services.certificates.fonts import MISSING, SANS, SERIF, font_for, truetype_subset

WIDTH, HEIGHT = A4
LEFT, RIGHT = 72.0, WIDTH - 72.0
_BEYOND_THE_FIRST_PLANE = re.compile(r"(?<=> <)[0-9A-F]{5,6}(?=>)")
_map_to_text = ttfonts.makeToUnicodeCMap


def _mapped_to_text(font_name: str, subset: Sequence[int]) -> str:
    """The map by which readers copy and speak the text: characters of rare names stand in UTF-16 there, which the
    library leaves undone."""
    written: str = _map_to_text(font_name, subset)
    return _BEYOND_THE_FIRST_PLANE.sub(
        lambda found: chr(int(found[0], 16)).encode("utf-16-be").hex().upper(), written
    )


ttfonts.makeToUnicodeCMap = _mapped_to_text
ONE_AT_A_TIME = Lock()
"""Fonts are registered for the whole process, under one name for each face."""


def _register(name: str, font_file: bytes) -> None:
    """Make a subset the font of its face. The library keeps the first font of a face for ever: with the subset of an
    earlier document, the characters it lacks would be left blank."""
    font = TTFont(name, BytesIO(font_file))
    pdfmetrics._fonts.pop(name, None)
    pdfmetrics._dynFaceNames.pop(font.face.name, None)
    pdfmetrics.registerFont(font)


class Pen:
    """Writes mixed-font text on a canvas: each character in the first font that has it."""

    def __init__(self, canvas: Canvas, text: str) -> None:
        self._canvas = canvas
        self._names = {}
        for path in (SANS, SERIF):
            wanted = "".join(sorted({char for char in text if (font_for(char) or SANS) == path}))
            if wanted:
                name = path.stem
                _register(name, truetype_subset(path, wanted))
                self._names[path] = name

    def _runs(self, text: str) -> list[tuple[str, str]]:
        shown = "".join(char if font_for(char) else MISSING for char in text)
        return [
            (self._names[path], "".join(chars))
            for path, chars in groupby(shown, key=lambda char: font_for(char) or SANS)
        ]

    def width(self, text: str, size: float) -> float:
        return sum(float(pdfmetrics.stringWidth(run, font, size)) for font, run in self._runs(text))

    def write(self, x: float, y: float, text: str, size: float) -> None:
        for font, run in self._runs(text):
            self._canvas.setFont(font, size)
            self._canvas.drawString(x, y, run)
            x += float(pdfmetrics.stringWidth(run, font, size))

    def centred(self, y: float, text: str, size: float) -> None:
        self.write((WIDTH - self.width(text, size)) / 2, y, text, size)

    def paragraph(self, y: float, text: str, size: float, leading: float, left: float = LEFT) -> float:
        line = ""
        for char in text:
            if self.width(line + char, size) > RIGHT - left:
                self.write(left, y, line, size)
                line, y = "", y - leading
            line += char
        self.write(left, y, line, size)
        return y - leading
