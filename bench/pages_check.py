"""Everybody's pages 无障碍检查: every page in every mode and size against what anybody needs to use it. `make pages`.

In normal, elder and dark mode, at 375×812 and 320×568: axe-core, the size of every text and target, contrast, nothing
beside the screen, one first heading, names, live regions; the tab key, 200 % zoom, and stillness where it is asked for.
The last line is one JSON object; every figure but the first three has to be 0.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Page

from bench.looking import PHONE, SMALL, Looker, looking
from bench.pages import MODES, SHOTS, Shot, page_names
from config.settings import ROOT

AXE = ROOT / "client" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ROOT / "bench" / "page_rules.js"
LEAST_TEXT = {"normal": 13, "dark": 13, "elder": 24}
"""Pixels of the smallest words; 24 px are the 18 pt of elder mode, and its larger step begins at 30."""
LEAST_TARGET = {"normal": 44, "dark": 44, "elder": 60}
LARGEST = 30
ZOOMED = (188, 406)
"""What a phone of 375×812 has left at 200 % zoom."""
KINDS = (
    "serious", "small_texts", "small_targets", "low_contrast", "sideways", "overlapping", "structure",
    "unreached", "unseen_focus", "moving", "page_errors", "unlisted",
)  # fmt: skip
_AXE = """() => axe.run(document, {resultTypes: ['violations']}).then(found => found.violations
  .filter(one => ['serious', 'critical'].includes(one.impact))
  .flatMap(one => one.nodes.map(node => `${one.id}: ${node.target.join(' ')}`)))"""
_LARGER = """localStorage.setItem('anju.elder.larger', JSON.stringify({type: 'boolean', data: true}));
dispatchEvent(new StorageEvent('storage', {key: 'anju.elder.larger'}))"""
Fault = tuple[str, str]


class Examiner:
    """Looks at one page after the other and keeps what is wrong."""

    def __init__(self, looker: Looker) -> None:
        self.found: Counter[str] = Counter()
        self.views = 0
        self._looker = looker
        self._axe = AXE.read_text(encoding="utf-8")
        self._rules = RULES.read_text(encoding="utf-8")

    def examine(self, shot: Shot, mode: str) -> None:
        """One page in one mode, in both sizes."""
        with self._looker.at(shot, mode) as page:
            page.evaluate(self._axe)
            page.evaluate(f"({self._rules})()")
            for size in (PHONE, SMALL):
                self._resize(page, size)
                self.note(shot, f"{mode} {size[0]}", self._view(page, mode))
            self.note(shot, f"{mode} more", self._extremes(page, mode))

    def note(self, shot: Shot, where: str, faults: Iterator[Fault]) -> None:
        """Count what was found, and say it."""
        for kind, told in sorted(set(faults)):
            self.found[kind] += 1
            print(f"{shot.name} {where}: {kind}: {told}", flush=True)

    def _view(self, page: Page, mode: str) -> Iterator[Fault]:
        self.views += 1
        yield from _told("serious", page.evaluate(_AXE))
        yield from _told("small_texts", _rule(page, "smallTexts", LEAST_TEXT[mode]))
        yield from _told("small_targets", _rule(page, "smallTargets", LEAST_TARGET[mode]))
        yield from _told("low_contrast", _rule(page, "pale"))
        yield from _told("structure", _rule(page, "structure"))
        yield from self._room(page)

    def _extremes(self, page: Page, mode: str) -> Iterator[Fault]:
        """The largest letters, zoom, the keyboard, and no motion."""
        if mode == "elder":
            page.evaluate(_LARGER)
            page.wait_for_timeout(120)
            yield from _told("small_texts", _rule(page, "smallTexts", LARGEST))
            yield from self._room(page)
        if mode == "normal":
            self._resize(page, ZOOMED)
            yield from self._room(page)
            self._resize(page, PHONE)
            yield from _keyboard(page)
            page.emulate_media(reduced_motion="reduce")
            yield from _told("moving", _rule(page, "moving"))

    @staticmethod
    def _room(page: Page) -> Iterator[Fault]:
        yield from _told("sideways", _rule(page, "sideways"))
        yield from _told("overlapping", _rule(page, "overlaps"))

    @staticmethod
    def _resize(page: Page, size: tuple[int, int]) -> None:
        if page.viewport_size != {"width": size[0], "height": size[1]}:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.wait_for_timeout(120)


def _rule(page: Page, name: str, *words: Any) -> list[str]:
    found: list[str] = page.evaluate(f"words => anjuRules.{name}(...words)", list(words))
    return found


def _told(kind: str, found: list[str]) -> Iterator[Fault]:
    return ((kind, one) for one in found)


def _keyboard(page: Page) -> Iterator[Fault]:
    """Tab from the top until every control has had the focus."""
    names = _rule(page, "markStops")
    page.evaluate("document.activeElement && document.activeElement.blur(); scrollTo(0, 0)")
    reached: set[str] = set()
    for _ in range(2 * len(names) + 12):  # a date or a time has several stops
        page.keyboard.press("Tab")
        seen = page.evaluate("anjuRules.focused()")
        if seen is None:
            continue
        reached.add(str(seen["stop"]))
        if not seen["seen"] or not seen["bare"]:
            yield "unseen_focus", f"{seen['name']}{'' if seen['bare'] else ' lies under something'}"
        if len(reached - {"None"}) == len(names):
            return
    for place, name in enumerate(names):
        if str(place) not in reached:
            yield "unreached", name


def _twice(examiner: Examiner, shot: Shot, mode: str) -> None:
    """A busy machine may lose a page once; twice is a fault."""
    for last in (False, True):
        try:
            examiner.examine(shot, mode)
        except Exception as problem:
            if last:
                examiner.note(shot, mode, iter([("page_errors", str(problem).split("\n", 1)[0])]))
        else:
            return


def main() -> int:
    """Look at every page; say what is wrong."""
    parser = argparse.ArgumentParser(prog="bench.pages_check")
    parser.add_argument("--only", default="", help="names of shots, by commas")
    parser.add_argument("--modes", default=",".join(MODES))
    args = parser.parse_args()
    only, modes = set(filter(None, args.only.split(","))), args.modes.split(",")
    shots = [shot for shot in SHOTS if (not only or shot.name in only) and not shot.passing]
    began = time.monotonic()
    with looking() as looker:
        examiner = Examiner(looker)
        for shot in shots:
            for mode in modes:
                _twice(examiner, shot, mode)
        for fault in looker.faults:
            examiner.found["page_errors"] += 1
            print(f"page error: {fault}")
    if not only:
        for name in sorted(page_names() - {shot.page for shot in SHOTS}):
            examiner.found["unlisted"] += 1
            print(f"no picture of page {name}")
    told = {"pages": len(shots), "modes": len(modes), "views": examiner.views}
    counts = {kind: examiner.found[kind] for kind in KINDS}
    print(json.dumps({**told, **counts, "seconds": round(time.monotonic() - began)}))
    return 1 if any(counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
