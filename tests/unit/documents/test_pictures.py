"""Pictures of strangers: what is drawn anew, and what is refused before it is decoded."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from services.documents.adapters.child import ConfinedCleaner
from services.documents.errors import PictureRefused
from services.documents.pictures import KEPT_SIDE, MOST_BYTES, BadPicture, redraw


def picture(
    size: tuple[int, int] = (600, 400), mode: str = "RGB", kind: str = "JPEG", **options: object
) -> bytes:
    """A made-up file: left half dark, right half light."""
    image = Image.new(mode, size)
    image.paste(Image.new(mode, (size[0] // 2, size[1]), "white" if mode != "P" else 1), (size[0] // 2, 0))
    out = io.BytesIO()
    image.save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def opened(jpeg: bytes) -> Image.Image:
    """The kept picture."""
    return Image.open(io.BytesIO(jpeg), formats=["JPEG"])


def png_of(width: int, height: int) -> bytes:
    """A tiny PNG that claims a size: one bit a pixel, all zero."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    row = b"\0" * (1 + (width + 7) // 8)
    body = zlib.compress(row * min(height, 64), 9)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def text_bomb() -> bytes:
    """Row I12: 100 MB of text in a compressed chunk."""
    info = PngInfo()
    info.add_text("a", "x" * 100_000_000, zip=True)
    return picture(kind="PNG", pnginfo=info)


def turned() -> bytes:
    """Row I6: a camera held upright writes the picture lying down and says so in EXIF; with a place, too."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "SecretPhone"
    return picture((600, 400), exif=exif)


def test_a_picture_is_drawn_anew_upright_and_bare() -> None:
    """Orientation 6 means: turn clockwise. Its light right half comes to lie below."""
    kept = redraw(turned())
    assert (kept.width, kept.height) == (400, 600)
    image = opened(kept.jpeg)
    assert dict(image.getexif()) == {}
    assert b"SecretPhone" not in kept.jpeg
    assert image.getpixel((200, 50))[0] < 30
    assert image.getpixel((200, 550))[0] > 220


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("RGB", "PNG"),
        ("RGBA", "PNG"),
        ("LA", "PNG"),
        ("P", "PNG"),
        ("L", "JPEG"),
        ("CMYK", "JPEG"),
        ("I;16", "PNG"),
    ],
)
def test_every_usual_kind_becomes_an_rgb_jpeg(mode: str, kind: str) -> None:
    """Row I7."""
    image = Image.new(mode, (300, 200))
    out = io.BytesIO()
    image.save(out, kind)
    kept = redraw(out.getvalue())
    assert opened(kept.jpeg).mode == "RGB"
    assert (kept.width, kept.height) == (300, 200)


def test_a_scan_of_sixteen_bits_keeps_its_shades() -> None:
    """It was kept as a white page: five stripes from black to white are five shades of 257 each."""
    shades = [0, 51, 102, 153, 204]
    row = b"".join(struct.pack("<H", shade * 257) * 120 for shade in shades)
    scan, out = Image.frombytes("I;16", (600, 400), row * 400), io.BytesIO()
    scan.save(out, "PNG")
    kept = opened(redraw(out.getvalue()).jpeg)
    for number, shade in enumerate(shades):
        found = kept.getpixel((120 * number + 60, 200))
        assert all(abs(value - shade) <= 2 for value in found)  # type: ignore[union-attr]


def test_what_is_transparent_becomes_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (200, 200), (255, 0, 0, 0)).save(out, "PNG")
    assert opened(redraw(out.getvalue()).jpeg).getpixel((100, 100)) == (255, 255, 255)


def test_a_large_picture_is_made_smaller_but_stays_readable() -> None:
    kept = redraw(picture((4000, 3000)))
    assert (kept.width, kept.height) == (KEPT_SIDE, 1800)


BAD = {
    "I1 20000 x 20000": (png_of(20000, 20000), "image.pixels"),
    "I2 13000 x 13000": (png_of(13000, 13000), "image.pixels"),
    "just over 16 million": (png_of(4001, 4000), "image.pixels"),
    "I4 strip": (png_of(60000, 2), "image.dimensions"),
    "I4 one pixel": (picture((1, 1)), "image.dimensions"),
    "I4 nothing": (b"", "image.empty"),
    "I5 cut off": (picture((1200, 900), quality=95)[:2000], "image.unreadable"),
    "I5 cut off PNG": (picture((1200, 900), kind="PNG")[:200], "image.unreadable"),
    "I9 HEIC": (b"\0\0\0\x18ftypheic" + b"\0" * 200, "image.type"),
    "I10 SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "image.type"),
    "I10 PDF": (b"%PDF-1.7\n" + b"x" * 300, "image.type"),
    "I10 HTML as JPEG": (b"<html><script>alert(1)</script>", "image.type"),
    "I10 EPS": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "image.type"),
    "I10 WebP": (picture(kind="WEBP"), "image.type"),
    "I10 GIF": (picture(kind="GIF"), "image.type"),
    "I10 TIFF": (picture(kind="TIFF"), "image.type"),
    "I12 text bomb": (text_bomb(), "image.unreadable"),
    "I15 too many bytes": (b"\xff\xd8\xff" + b"\0" * MOST_BYTES, "image.too_large"),
    "only the magic": (b"\xff\xd8\xff", "image.unreadable"),
    "a thousand scans": (picture() + b"\xff\xda" * 1000, "image.unreadable"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused(name: str) -> None:
    data, code = BAD[name]
    with pytest.raises(BadPicture) as refused:
        redraw(data)
    assert refused.value.code == code


def test_the_child_draws_and_refuses_as_told() -> None:
    cleaner = ConfinedCleaner()
    kept = cleaner.clean(turned())
    assert (kept.width, kept.height) == (400, 600)
    for data, code in (BAD["I2 13000 x 13000"], BAD["I5 cut off"], BAD["I10 PDF"], BAD["I4 nothing"]):
        with pytest.raises(PictureRefused) as refused:
            cleaner.clean(data)
        assert refused.value.code == code
        assert 400 <= refused.value.status < 500


def test_a_child_that_takes_too_long_refuses_the_picture() -> None:
    with pytest.raises(PictureRefused) as refused:
        ConfinedCleaner(timeout_s=0.001).clean(turned())
    assert refused.value.code == "image.unreadable"
