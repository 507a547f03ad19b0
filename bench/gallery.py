"""Gallery 图册: every page of the phone client in normal, elder and dark mode, the staff desk, and the papers. `make gallery`.

Starts a system of its own and writes small pictures with a page that shows them side by side. `--only home,item` takes
some of the pages; `--out` is the folder; `--sharp` a folder for the pictures as they were taken, to be looked at closely.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from bench.desk_pages import MODES as DESK_MODES
from bench.desk_pages import SHOTS as DESK_SHOTS
from bench.desk_pages import WIDE, DeskLooker, DeskShot
from bench.looking import PHONE, Looker, looking
from bench.pages import MODES, SHOTS, Shot
from bench.papers import PAPERS, can_draw, drawn
from config.settings import ROOT

OUT = ROOT / "docs" / "gallery"
MOST_BYTES = 36_000
_QUALITIES = (72, 60, 48, 38)
_SWITCH = """elder => {
  localStorage.setItem('anju.elder', JSON.stringify({type: 'boolean', data: elder}))
  dispatchEvent(new StorageEvent('storage', {key: 'anju.elder'}))
}"""
_SHOWN = {"normal": "平常", "elder": "大字", "dark": "深色"}


class Album:
    """Where the pictures go, and what could not be taken."""

    def __init__(self, out: Path, sharp: Path | None) -> None:
        self._out, self._sharp = out, sharp
        self.failed = 0

    def add(self, name: str, taken: Callable[[], Image.Image]) -> None:
        """One picture, in few bytes."""
        try:
            picture = taken()
        except Exception as problem:
            self.missed(name, problem)
            return
        if self._sharp:
            picture.save(self._sharp / f"{name}.png")
        path = self._out / f"{name}.webp"
        path.write_bytes(_small(picture))
        print(f"{name} {path.stat().st_size / 1024:.0f} KB", flush=True)

    def missed(self, name: str, problem: Exception) -> None:
        """Said, and counted."""
        self.failed += 1
        print(f"{name}: {problem}", flush=True)


def _phone(album: Album, looker: Looker, shot: Shot, modes: Sequence[str]) -> None:
    """A page in every mode, changed in its place as a member changes it; what goes by is opened anew for each."""
    for group in [[mode] for mode in modes] if shot.until else [list(modes)]:
        first = group[0] if shot.until else "normal"
        try:
            with looker.at(shot, first) as page:
                page.evaluate("document.activeElement && document.activeElement.blur()")
                for mode in group:
                    album.add(f"{shot.name}-{mode}", partial(_in_mode, page, mode, mode != first))
        except Exception as problem:
            album.missed(shot.name, problem)


def _in_mode(page: Page, mode: str, change: bool) -> Image.Image:
    """The whole of a page, with the window as tall as it is, so that the foot stands at the end of it."""
    if change:
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        page.emulate_media(color_scheme="dark" if mode == "dark" else "light")
        page.evaluate(_SWITCH, mode == "elder")
        page.wait_for_timeout(150)
    return _whole(page, PHONE)


def _desk(desk: DeskLooker, shot: DeskShot, mode: str) -> Image.Image:
    with desk.at(shot, mode) as page:
        return _whole(page, WIDE)


def _whole(page: Page, size: tuple[int, int]) -> Image.Image:
    tall = page.evaluate("document.scrollingElement.scrollHeight")
    page.set_viewport_size({"width": size[0], "height": max(size[1], tall)})
    page.wait_for_timeout(150)
    return Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")


def _small(picture: Image.Image) -> bytes:
    """As many bytes as the page may have; a long one is drawn coarser."""
    for scale in (1.0, 0.8, 0.66):
        size = (round(picture.width * scale), round(picture.height * scale))
        drawn_small = picture if scale == 1.0 else picture.resize(size, Image.Resampling.LANCZOS)
        for quality in _QUALITIES:
            held = io.BytesIO()
            drawn_small.save(held, "WEBP", quality=quality, method=4)
            if held.tell() <= MOST_BYTES:
                return held.getvalue()
    return held.getvalue()


def _cell(name: str, title: str, width: int, out: Path) -> str:
    there = (out / f"{name}.webp").exists()
    return f'<img src="{name}.webp" width="{width}" alt="{title}">' if there else ""


def _table(shots: Sequence[Shot | DeskShot], modes: Sequence[str], width: int, out: Path) -> str:
    head = (
        "| 页面 | " + " | ".join(_SHOWN[mode] for mode in modes) + " |\n|" + "---|" * (len(modes) + 1) + "\n"
    )
    return head + "".join(
        f"| {shot.title} | "
        + " | ".join(
            _cell(f"{shot.name}-{mode}", f"{shot.title}，{_SHOWN[mode]}", width, out) for mode in modes
        )
        + " |\n"
        for shot in shots
    )


def page_of(out: Path) -> str:
    """The page that shows them side by side."""
    papers = "".join(f"| {paper.title} | {_cell(paper.name, paper.title, 400, out)} |\n" for paper in PAPERS)
    return (
        "<!-- Written by `make gallery`. -->\n# Gallery 图册\n\n"
        f"Every page of the phone client at {PHONE[0]}×{PHONE[1]}, from top to bottom: normal, elder mode 大字, and dark mode;\n"
        "then the staff desk, and the papers. The people are made up.\n\n"
        f"## Phone 手机\n\n{_table(SHOTS, MODES, 250, out)}\n"
        f"## Staff desk 审核台\n\n{_table(DESK_SHOTS, DESK_MODES, 400, out)}\n"
        f"## Papers 单据\n\n| 单据 | 第一页 |\n|---|---|\n{papers}"
    )


def fill(album: Album, looker: Looker, only: set[str], modes: Sequence[str]) -> None:
    """Every picture that is wanted. The desk comes last: its announcement stands on members' pages too."""
    for shot in (one for one in SHOTS if not only or one.name in only):
        _phone(album, looker, shot, modes)
    for paper in (one for one in PAPERS if can_draw() and (not only or one.name in only)):
        album.add(paper.name, partial(drawn, looker, paper))
    desk = DeskLooker(looker.browser, looker.system, looker.cases)
    for page in (one for one in DESK_SHOTS if not only or one.name in only):
        for mode in (one for one in DESK_MODES if one in modes):
            album.add(f"{page.name}-{mode}", partial(_desk, desk, page, mode))


def main() -> int:
    """Start, bind, look, write."""
    parser = argparse.ArgumentParser(prog="bench.gallery")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--sharp", type=Path)
    parser.add_argument("--only", default="", help="names of pictures, by commas")
    parser.add_argument("--modes", default=",".join(MODES))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    album = Album(args.out, args.sharp)
    with looking() as looker:
        fill(album, looker, set(filter(None, args.only.split(","))), args.modes.split(","))
    (args.out / "README.md").write_text(page_of(args.out), encoding="utf-8")
    for fault in looker.faults:
        print(f"page error: {fault}")
    return 1 if album.failed or looker.faults else 0


if __name__ == "__main__":
    sys.exit(main())
