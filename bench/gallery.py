"""Gallery 图册: every page of the phone client, as members see it, in normal, elder and dark mode. `make gallery`.

Starts a system of its own and writes small pictures with a page that shows them side by side. `--only home,item` takes
some of the pages; `--out` is the folder.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from bench.looking import PHONE, Looker, looking
from bench.pages import MODES, SHOTS, Shot
from config.settings import ROOT

OUT = ROOT / "docs" / "gallery"
MOST_BYTES = 30_000
_QUALITIES = (70, 60, 50, 42, 35)
_SHOWN = {"normal": "平常", "elder": "大字", "dark": "深色"}


def take(looker: Looker, shot: Shot, mode: str, out: Path) -> Path:
    """One picture of a whole page, in few bytes."""
    with looker.at(shot, mode) as page:
        picture = Image.open(io.BytesIO(_whole(page))).convert("RGB")
    path = out / f"{shot.name}-{mode}.jpg"
    path.write_bytes(_small(picture))
    return path


def _whole(page: Page) -> bytes:
    """The window as tall as the page, so that the foot stands at the end of it."""
    page.evaluate("document.activeElement && document.activeElement.blur()")
    tall = page.evaluate("document.scrollingElement.scrollHeight")
    page.set_viewport_size({"width": PHONE[0], "height": max(PHONE[1], tall)})
    page.wait_for_timeout(150)
    return page.screenshot(animations="disabled")


def _small(picture: Image.Image) -> bytes:
    """As many bytes as the page may have; a long one is drawn coarser."""
    for scale in (1.0, 0.8, 0.66):
        size = (round(picture.width * scale), round(picture.height * scale))
        drawn = picture if scale == 1.0 else picture.resize(size, Image.Resampling.LANCZOS)
        for quality in _QUALITIES:
            held = io.BytesIO()
            drawn.save(held, "JPEG", quality=quality, optimize=True, progressive=True)
            if held.tell() <= MOST_BYTES:
                return held.getvalue()
    return held.getvalue()


def _cell(shot: Shot, mode: str, out: Path) -> str:
    name = f"{shot.name}-{mode}.jpg"
    return (
        f'<img src="{name}" width="250" alt="{shot.title}，{_SHOWN[mode]}">' if (out / name).exists() else ""
    )


def page_of(shots: Sequence[Shot], out: Path) -> str:
    """The page that shows them side by side."""
    head = "| 页面 | " + " | ".join(_SHOWN.values()) + " |\n|---|---|---|---|\n"
    rows = "".join(
        f"| {shot.title} | " + " | ".join(_cell(shot, mode, out) for mode in MODES) + " |\n" for shot in shots
    )
    told = (
        f"# Gallery 图册\n\nEvery page of the phone client at {PHONE[0]}×{PHONE[1]}, from top to bottom: normal, elder mode "
        "大字, and dark mode. The people are made up.\n\n"
    )
    return f"<!-- Written by `make gallery`. -->\n{told}{head}{rows}"


def main() -> int:
    """Start, bind, look, write."""
    parser = argparse.ArgumentParser(prog="bench.gallery")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--only", default="", help="names of shots, by commas")
    parser.add_argument("--modes", default=",".join(MODES))
    args = parser.parse_args()
    only = set(filter(None, args.only.split(",")))
    shots = [shot for shot in SHOTS if not only or shot.name in only]
    args.out.mkdir(parents=True, exist_ok=True)
    failed = 0
    with looking() as looker:
        for shot in shots:
            for mode in args.modes.split(","):
                try:
                    path = take(looker, shot, mode, args.out)
                    print(f"{shot.name} {mode} {path.stat().st_size / 1024:.0f} KB", flush=True)
                except Exception as problem:
                    failed += 1
                    print(f"{shot.name} {mode}: {problem}", flush=True)
    if not only:
        (args.out / "README.md").write_text(page_of(SHOTS, args.out), encoding="utf-8")
    for fault in looker.faults:
        print(f"page error: {fault}")
    return 1 if failed or looker.faults else 0


if __name__ == "__main__":
    sys.exit(main())
