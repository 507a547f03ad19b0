"""The certificate as a file: readable text, rare characters, nothing active in it, nothing over its edge."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pytest
from pypdf import PdfReader
from reportlab.pdfbase import pdfmetrics

from services.certificates.fonts import font_for
from services.certificates.pdf import Document, draw

DOCUMENT = Document(
    title="住房公积金缴存证明",
    number="ZM302611230000001",
    opening="兹证明下列职工在本中心缴存住房公积金，情况如下：",
    rows=[("姓名", "张三丰"), ("身份证号", "659999********0014"), ("账户余额", "56,000.00 元")],
    closing="本证明由系统根据缴存记录自动生成，数据截至开具之时。",
    centre="株洲市住房公积金管理中心",
    issued_at=datetime(2026, 11, 22, 16, 30, tzinfo=UTC),  # 00:30 on the 23rd in Shanghai
    valid_until_text="2027年2月21日",
    verify_url="https://gjj.example/verify/ZM302611230000001?c=ABCD2345",
    check_code="ABCD2345",
)


def reader(document: Document) -> PdfReader:
    """The drawn file, opened by another library."""
    return PdfReader(BytesIO(draw(document)))


def text_of(document: Document) -> str:
    """All text of the one page."""
    return text_in(reader(document))


def text_in(file: PdfReader) -> str:
    """All text of the one page of a file."""
    pages = file.pages
    assert len(pages) == 1
    return pages[0].extract_text().replace("\n", "")


def test_every_word_can_be_read_from_the_file() -> None:
    """Copying, searching and screen readers work on real text."""
    text = text_of(DOCUMENT)
    for row in DOCUMENT.rows:
        assert row[0] in text
        assert row[1] in text
    for part in (DOCUMENT.title, DOCUMENT.number, DOCUMENT.opening, DOCUMENT.closing, DOCUMENT.centre):
        assert part in text
    assert "查验码：ABCD2345" in text
    assert "有效期至2027年2月21日" in text
    assert "2026年11月23日" in text


@pytest.mark.parametrize("name", ["李𬭎", "𠮷田", "㛃䶮·买豈"])
def test_a_name_of_rare_characters_is_drawn(name: str) -> None:
    """GB 18030 level 2 and beyond: drawn where a font has the character, 〓 in its place where none has."""
    document = replace(DOCUMENT, rows=[("姓名", name)])
    shown = "".join(char if font_for(char) else "〓" for char in name)
    text = text_of(document)
    assert shown in text
    assert "?" not in text


def test_the_fonts_have_the_characters_of_names() -> None:
    assert font_for("𬭎") is not None
    assert font_for("丰") is not None
    assert font_for("\U000e0041") is None


def test_the_file_holds_nothing_that_acts() -> None:
    pdf = draw(DOCUMENT)
    for marker in (
        b"/JavaScript",
        b"/JS",
        b"/Launch",
        b"/EmbeddedFile",
        b"/AcroForm",
        b"/OpenAction",
        b"/URI",
    ):
        assert marker not in pdf
    assert pdf.startswith(b"%PDF-1.")


def test_every_font_is_embedded() -> None:
    resources = reader(DOCUMENT).pages[0]["/Resources"]
    fonts = [font.get_object() for font in resources["/Font"].values()]  # type: ignore[index]
    used = [font for font in fonts if "/FontDescriptor" in font]
    assert used
    assert all("/FontFile2" in font["/FontDescriptor"] for font in used)


def widest(file: PdfReader) -> float:
    """The right end of the text that reaches furthest, in points; each run is measured by its own characters."""
    ends: list[float] = []

    def visit(text: str, cm: list[float], tm: list[float], font: object, size: float) -> None:
        width = sum(size if ord(char) > 0x2E80 else size * 0.5 for char in text.strip())
        ends.append(tm[4] + width)

    file.pages[0].extract_text(visitor_text=visit)
    return max(ends)


@pytest.mark.parametrize("length", [27, 28, 120])
def test_a_long_employer_stays_on_the_page(length: int) -> None:
    """Units have names of up to 120 characters; A4 is 595 points wide."""
    employer = ("中国铁路广州局集团有限公司株洲车务段工会委员会" * 6)[:length]
    document = replace(DOCUMENT, rows=[("单位名称", employer), ("账户余额", "56,000.00 元")])
    file = reader(document)
    assert employer in text_in(file)
    assert widest(file) <= 595 - 36


def test_drawing_many_does_not_pile_up_fonts() -> None:
    """A worker draws for months."""
    draw(DOCUMENT)
    before = len(pdfmetrics.getRegisteredFontNames())
    for number in range(2):
        draw(replace(DOCUMENT, rows=[("姓名", f"张{'甲乙'[number]}丰")]))
    assert len(pdfmetrics.getRegisteredFontNames()) <= before + 1
