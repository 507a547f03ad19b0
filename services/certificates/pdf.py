"""Drawing a certificate 证明 PDF: A4, embedded font, number, QR code, no active content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from itertools import groupby

import segno
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from services.certificates.fonts import MISSING, SANS, SERIF, font_for, truetype_subset
from services.core.clock import SHANGHAI

_WIDTH, _HEIGHT = A4
_LEFT, _RIGHT = 72.0, _WIDTH - 72.0
_TILE = (0.043, 0.431, 0.412)


@dataclass(frozen=True, slots=True)
class Document:
    """What a certificate says: title, sentence, rows of label and value, and how to verify it."""

    title: str
    number: str
    opening: str
    rows: Sequence[tuple[str, str]]
    closing: str
    centre: str
    issued_at: datetime
    valid_until_text: str
    verify_url: str
    check_code: str


class _Pen:
    """Writes mixed-font text on a canvas: each character in the first font that has it."""

    def __init__(self, canvas: Canvas, text: str) -> None:
        self._canvas = canvas
        self._names = {}
        for path in (SANS, SERIF):
            wanted = "".join(sorted({char for char in text if (font_for(char) or SANS) == path}))
            if wanted:
                name = f"{path.stem}-{abs(hash(wanted)):x}"
                pdfmetrics.registerFont(TTFont(name, BytesIO(truetype_subset(path, wanted))))
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
        self.write((_WIDTH - self.width(text, size)) / 2, y, text, size)

    def paragraph(self, y: float, text: str, size: float, leading: float) -> float:
        line = ""
        for char in text:
            if self.width(line + char, size) > _RIGHT - _LEFT:
                self.write(_LEFT, y, line, size)
                line, y = "", y - leading
            line += char
        self.write(_LEFT, y, line, size)
        return y - leading


def draw(document: Document) -> bytes:
    """The certificate as PDF bytes."""
    target = BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=True)
    canvas.setTitle(f"{document.title} {document.number}")
    canvas.setAuthor(document.centre)
    pen = _Pen(canvas, _all_text(document))
    _head(canvas, pen, document)
    y = pen.paragraph(_HEIGHT - 170, document.opening, 12, 22) - 8
    y = _rows(canvas, pen, document.rows, y)
    y = pen.paragraph(y - 20, document.closing, 11, 20)
    if note := missing_note(document):
        pen.paragraph(y, note, 9, 16)
    _foot(canvas, pen, document)
    canvas.save()
    return target.getvalue()


def missing_note(document: Document) -> str:
    """Which characters 〓 stands for, by their code points; empty when the fonts have every character."""
    drawn = document.opening + document.closing + "".join(value for _, value in document.rows)
    missing = [char for char in dict.fromkeys(drawn) if font_for(char) is None]
    named = "、".join(f"U+{ord(char):X}" for char in missing)
    return f"“{MISSING}”依次为字库暂缺的字：{named}（国际编码字符集）。" if missing else ""


def _all_text(document: Document) -> str:
    rows = "".join(label + value for label, value in document.rows)
    fixed = "编号：有效期至查验码：扫码或登录查验页核对真伪，文件改动后查验不能通过。年月日0123456789-"
    parts = (document.title, document.number, document.opening, rows, document.closing, document.centre)
    return "".join(
        (
            *parts,
            missing_note(document),
            document.valid_until_text,
            document.check_code,
            fixed,
            _issued_text(document),
        )
    )


def _issued_text(document: Document) -> str:
    local = document.issued_at.astimezone(SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日"


def _head(canvas: Canvas, pen: _Pen, document: Document) -> None:
    canvas.setFillColorRGB(*_TILE)
    canvas.rect(0, _HEIGHT - 14, _WIDTH, 14, stroke=0, fill=1)
    pen.centred(_HEIGHT - 96, document.title, 24)
    canvas.setFillColorRGB(0.29, 0.34, 0.33)
    pen.centred(_HEIGHT - 122, f"编号：{document.number}", 10)
    canvas.setFillColorRGB(0.09, 0.13, 0.12)


def _rows(canvas: Canvas, pen: _Pen, rows: Sequence[tuple[str, str]], y: float) -> float:
    canvas.setStrokeColorRGB(0.82, 0.86, 0.85)
    for label, value in rows:
        canvas.line(_LEFT, y - 10, _RIGHT, y - 10)
        canvas.setFillColorRGB(0.29, 0.34, 0.33)
        pen.write(_LEFT, y, label, 11)
        canvas.setFillColorRGB(0.09, 0.13, 0.12)
        pen.write(_LEFT + 150, y, value, 11)
        y -= 30
    return y


def _foot(canvas: Canvas, pen: _Pen, document: Document) -> None:
    size = 92.0
    _qr(canvas, document.verify_url, _LEFT, 84, size)
    x = _LEFT + size + 16
    pen.write(x, 152, f"查验码：{document.check_code}", 10)
    pen.write(x, 134, f"有效期至{document.valid_until_text}", 10)
    pen.write(x, 116, "扫码或登录查验页核对真伪，文件改动后查验不能通过。", 9)
    pen.write(_RIGHT - pen.width(document.centre, 12), 210, document.centre, 12)
    pen.write(_RIGHT - pen.width(_issued_text(document), 12), 190, _issued_text(document), 12)


def _qr(canvas: Canvas, text: str, x: float, y: float, size: float) -> None:
    matrix = list(segno.make(text, error="m").matrix)
    cell = size / len(matrix)
    for row_no, row in enumerate(reversed(matrix)):
        for column_no, dark in enumerate(row):
            if dark:
                canvas.rect(x + column_no * cell, y + row_no * cell, cell, cell, stroke=0, fill=1)
