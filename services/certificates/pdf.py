"""Drawing a certificate 证明 PDF: A4, embedded font, number, QR code, no active content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import segno
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from services.certificates.fonts import MISSING, font_for
from services.certificates.pen import HEIGHT, LEFT, ONE_AT_A_TIME, RIGHT, WIDTH, Pen
from services.core.clock import SHANGHAI

_VALUE = LEFT + 150
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
    proof: str = "扫码或登录查验页核对真伪，文件改动后查验不能通过。"


def draw(document: Document) -> bytes:
    """The certificate as PDF bytes."""
    with ONE_AT_A_TIME:
        return _draw(document)


def _draw(document: Document) -> bytes:
    target = BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=True)
    canvas.setTitle(f"{document.title} {document.number}")
    canvas.setAuthor(document.centre)
    pen = Pen(canvas, _all_text(document))
    _head(canvas, pen, document)
    y = pen.paragraph(HEIGHT - 170, document.opening, 12, 22) - 8
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
    fixed = f"编号：有效期至查验码：{document.proof}年月日0123456789-"
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


def _head(canvas: Canvas, pen: Pen, document: Document) -> None:
    canvas.setFillColorRGB(*_TILE)
    canvas.rect(0, HEIGHT - 14, WIDTH, 14, stroke=0, fill=1)
    pen.centred(HEIGHT - 96, document.title, 24)
    canvas.setFillColorRGB(0.29, 0.34, 0.33)
    pen.centred(HEIGHT - 122, f"编号：{document.number}", 10)
    canvas.setFillColorRGB(0.09, 0.13, 0.12)


def _rows(canvas: Canvas, pen: Pen, rows: Sequence[tuple[str, str]], y: float) -> float:
    canvas.setStrokeColorRGB(0.82, 0.86, 0.85)
    for label, value in rows:
        canvas.setFillColorRGB(0.29, 0.34, 0.33)
        pen.write(LEFT, y, label, 11)
        canvas.setFillColorRGB(0.09, 0.13, 0.12)
        y = _value(pen, y, value)
        canvas.line(LEFT, y - 10, RIGHT, y - 10)
        y -= 30
    return y


def _value(pen: Pen, y: float, value: str) -> float:
    """A row's value; what is too long for its line goes on in smaller letters. Returns where its last line stands."""
    if pen.width(value, 11) <= RIGHT - _VALUE:
        pen.write(_VALUE, y, value, 11)
        return y
    return pen.paragraph(y, value, 9, 13, left=_VALUE) + 13


def _foot(canvas: Canvas, pen: Pen, document: Document) -> None:
    size = 92.0
    _qr(canvas, document.verify_url, LEFT, 84, size)
    x = LEFT + size + 16
    pen.write(x, 152, f"查验码：{document.check_code}", 10)
    if document.valid_until_text:
        pen.write(x, 134, f"有效期至{document.valid_until_text}", 10)
    pen.write(x, 116, document.proof, 9)
    pen.write(RIGHT - pen.width(document.centre, 12), 210, document.centre, 12)
    pen.write(RIGHT - pen.width(_issued_text(document), 12), 190, _issued_text(document), 12)


def _qr(canvas: Canvas, text: str, x: float, y: float, size: float) -> None:
    matrix = list(segno.make(text, error="m").matrix)
    cell = size / len(matrix)
    for row_no, row in enumerate(reversed(matrix)):
        for column_no, dark in enumerate(row):
            if dark:
                canvas.rect(x + column_no * cell, y + row_no * cell, cell, cell, stroke=0, fill=1)
