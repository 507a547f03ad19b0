"""Looking at the client 看页面: a system of its own and a browser beside it, in which any listed page can be opened."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bench.cameras import camera_script
from bench.page_cases import Cases
from bench.pages import Shot
from bench.phone import Sandbox
from runtime.browser import find_chromium
from runtime.supervisor.ports import Ports
from runtime.supervisor.system import System

PHONE = (375, 812)
SMALL = (320, 568)
_CHINESE = {"LANGUAGE": "zh_CN", "LANG": "zh_CN.UTF-8"}
_ELDER = "localStorage.setItem('anju.elder', JSON.stringify({type: 'boolean', data: true}))"


class Looker:
    """A browser beside a running system; each member is bound once, and their cookies serve every later look."""

    def __init__(self, browser: Browser, system: System) -> None:
        self.system, self.browser = system, browser
        self.web = system.ports.url("web")
        self.sandbox = Sandbox(system.ports.url("phone"))
        self.faults: list[str] = []
        self.cases = Cases(self.web, self.sandbox)
        self._states: dict[str, Any] = {}

    @contextmanager
    def at(self, shot: Shot, mode: str, size: tuple[int, int] = PHONE, **options: Any) -> Iterator[Page]:
        """The page as this member sees it once nothing loads or moves any more."""
        found = self.cases.ready(shot.who)
        context = self._context(shot, mode, size, **options)
        page = self._page(context, shot.name)
        try:
            page.goto(f"{self.web}/m/#/pages/{shot.place.format(**found)}")
            self._moved(page, shot)
            if shot.until:
                page.locator(shot.until).first.wait_for()
            yield page
            self._states[shot.who] = _signed_in(context)
        finally:
            context.close()

    @contextmanager
    def blank(self, shot: Shot, mode: str = "normal", size: tuple[int, int] = PHONE) -> Iterator[Page]:
        """An empty page of this member's browser, with nothing in its cache."""
        context = self._context(shot, mode, size)
        try:
            yield self._page(context, shot.name)
        finally:
            context.close()

    def _moved(self, page: Page, shot: Shot) -> None:
        rest(page)
        for move in shot.moves:
            target = page.locator(f'[data-testid="{move.testid}"]').first
            if not move.must and not target.count():
                continue
            if move.text is None:
                target.click()
            else:
                target.fill(move.text)
                target.blur()
            if not (shot.until and move is shot.moves[-1]):
                rest(page)

    def _page(self, context: BrowserContext, name: str) -> Page:
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: self.faults.append(f"{name}: {error}"))
        return page

    def _context(self, shot: Shot, mode: str, size: tuple[int, int], **options: Any) -> BrowserContext:
        if shot.who not in self._states:
            self._states[shot.who] = self._bound(shot.who)
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="zh-CN",
            color_scheme="dark" if mode == "dark" else "light",
            storage_state=self._states[shot.who],
            **options,
        )
        if mode == "elder":
            context.add_init_script(_ELDER)
        if shot.camera:
            context.add_init_script(camera_script(shot.camera))
        return context

    def _bound(self, who: str) -> Any:
        """Sign a member in, and bind them where they are not bound yet; a stranger stays one."""
        key = "qian" if who == "stranger" else who
        self.sandbox.post(f"/control/members/{key}/follow")
        context = self.browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]}, locale="zh-CN")
        page = self._page(context, who)
        page.goto(f"{self.sandbox.url}/phone/{key}/open?page=home")
        page.locator('[data-testid="balance-card"], [data-testid="bind-name"]').first.wait_for()
        if who != "stranger" and page.locator('[data-testid="bind-name"]').count():
            self._bind(page, key)
        state = _signed_in(context)
        context.close()
        return state

    def _bind(self, page: Page, key: str) -> None:
        someone = self.sandbox.members()[key]
        before = len(self.sandbox.sms(key))
        for field in ("name", "id_no", "phone"):
            page.locator(f'[data-testid="bind-{field.replace("_", "-")}"]').first.fill(someone[field])
        page.locator('[data-testid="send-code"]').first.click()
        page.locator('[data-testid="bind-code"]').first.fill(self._code(key, before))
        page.locator('[data-testid="bind-submit"]').first.click()
        page.locator('[data-testid="balance-card"]').first.wait_for()

    def _code(self, who: str, before: int) -> str:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            texts = self.sandbox.sms(who)[before:]
            codes = [text["params"][0] for text in texts if text.get("template") == "sms_code"]
            if codes:
                return str(codes[-1])
            time.sleep(0.1)
        raise TimeoutError("no SMS code came")


def _signed_in(context: BrowserContext) -> Any:
    """The cookies, and nothing of what the page keeps: elder mode of one look is not that of the next."""
    return {"cookies": context.storage_state()["cookies"], "origins": []}


def rest(page: Page) -> None:
    """Until nothing is being fetched (a long poll aside) and nothing moves."""
    page.locator('[data-testid="title"]').first.wait_for()
    page.wait_for_function(_STILL, timeout=15_000)


_STILL = """() => new Promise(done => {
  const look = quiet => setTimeout(() => {
    const busy = document.querySelector('[data-testid="waiting"], [aria-busy="true"], .a-skeleton');
    quiet = busy || document.body.innerText !== window.anjuSeen ? 0 : quiet + 1;
    window.anjuSeen = document.body.innerText;
    quiet >= 4 ? done(true) : look(quiet);
  }, 90);
  look(0);
})"""


@contextmanager
def looking(args: Sequence[str] = ()) -> Iterator[Looker]:
    """Start everything, and stop it again."""
    spec = find_chromium()
    with tempfile.TemporaryDirectory(prefix="anju-pages-") as folder, sync_playwright() as playwright:
        Path(folder).chmod(0o755)
        system = System(Path(folder), Ports.free(), durable=False)
        system.start()
        browser = playwright.chromium.launch(
            executable_path=spec.path,
            args=[*spec.args, "--lang=zh-CN", *args],
            env={**os.environ, **_CHINESE, **spec.env},
        )
        try:
            yield Looker(browser, system)
        finally:
            browser.close()
            system.stop()
