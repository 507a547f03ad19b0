"""A name with a character that no font has is still named exactly (GB 18030 level 3 names, U+20BB7)."""

from __future__ import annotations

from datetime import UTC, datetime

from services.certificates.pdf import Document, draw, missing_note


def _document(name: str) -> Document:
    return Document(
        title="证明", number="ZM302611220000001", opening="兹证明：", rows=[("姓名", name)], closing="完。", centre="中心",
        issued_at=datetime(2026, 11, 22, tzinfo=UTC), valid_until_text="2027年2月20日", verify_url="https://example/verify",
        check_code="ABCDEFGH",
    )  # fmt: skip


def test_a_missing_character_is_named_by_its_code_point():
    assert "U+20BB7" in missing_note(_document("𠮷田"))
    assert draw(_document("𠮷田")).startswith(b"%PDF")


def test_rare_characters_the_fonts_have_need_no_note():
    assert missing_note(_document("李𬭎")) == ""
