"""Fonts 字体: a TrueType subset with just the characters of one document, for embedding.

Noto Sans SC comes as an OpenType font with PostScript outlines, which the PDF library cannot embed; a subset of a
few hundred glyphs is converted in a fraction of a second. Characters it lacks come from Noto Serif SC; what neither
has is drawn as 〓, and the document says which character it stands for.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

FOLDER = Path(pylopdf_fonts_zh_cn.__file__).parent
SANS = FOLDER / "NotoSansSC-Regular.otf"
SERIF = FOLDER / "NotoSerifSC-Regular.otf"
MISSING = "〓"
_CFF_ONLY = ("CFF ", "VORG", "BASE", "GSUB", "GPOS", "GDEF", "vhea", "vmtx")
_MAXP_ZEROES = (
    "maxTwilightPoints maxStorage maxFunctionDefs maxInstructionDefs maxStackElements maxSizeOfInstructions"
    " maxComponentElements maxPoints maxContours maxCompositePoints maxCompositeContours maxComponentDepth"
).split()


@lru_cache(maxsize=2)
def characters_in(path: Path) -> frozenset[int]:
    """Code points a font has."""
    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())


def font_for(character: str) -> Path | None:
    """The font that has a character, or None when neither has it."""
    return next((path for path in (SANS, SERIF) if ord(character) in characters_in(path)), None)


def truetype_subset(path: Path, text: str) -> bytes:
    """A TrueType font file with the glyphs of `text`."""
    font = TTFont(path, lazy=True)
    options = subset.Options(hinting=False, layout_features=[], notdef_outline=True)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=text + MISSING)
    subsetter.subset(font)
    _to_quadratic(font)
    target = BytesIO()
    font.save(target)
    return target.getvalue()


def _to_quadratic(font: Any) -> None:
    order, outlines = font.getGlyphOrder(), font.getGlyphSet()
    glyphs = {}
    for name in order:
        pen = TTGlyphPen(outlines)
        outlines[name].draw(Cu2QuPen(pen, 1.0, reverse_direction=True))
        glyphs[name] = pen.glyph()
    font["loca"] = newTable("loca")
    table = font["glyf"] = newTable("glyf")
    table.glyphOrder, table.glyphs = order, glyphs
    for tag in _CFF_ONLY:
        if tag in font:
            del font[tag]
    font["maxp"].tableVersion, font["maxp"].maxZones = 0x00010000, 1
    for field in _MAXP_ZEROES:
        setattr(font["maxp"], field, 0)
    font["post"].formatType = 3.0
    font.sfntVersion = "\x00\x01\x00\x00"
