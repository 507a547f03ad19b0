"""Handset 手机: one member's phone: a browser page of its size, touched as people touch it, and never too wide."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, TimeoutError

from bench.phone import Sandbox

SIZES = ((375, 812), (320, 568))
PATIENCE_MS = 60_000
FACE_MS = 120_000
_SECOND_TAP_MS = 130
_NETWORK_WORDS = ("Failed to load resource", "net::ERR")
_TOO_WIDE = """() => {
  const wide = document.documentElement.scrollWidth, room = screen.width
  if (wide <= room) return ''
  const out = [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > room + 1)
  return `${wide} px on ${location.hash}: ` + out.slice(-3).map((one) => one.outerHTML.slice(0, 160)).join(' | ')
}"""
_READABLE = """(words) => {
  const prompt = document.querySelector(words)
  if (!prompt) return true
  const box = prompt.getBoundingClientRect(), foot = document.querySelector('.a-foot')
  const floor = foot ? Math.min(innerHeight, foot.getBoundingClientRect().top) : innerHeight
  return box.top >= 0 && box.bottom <= floor + 1
}"""


class Handset:
    """A phone in a member's hand."""

    def __init__(self, context: BrowserContext, sandbox: Sandbox, web: str, person: dict[str, Any], size: tuple[int, int]) -> None:
        self.context, self.sandbox, self.web, self.person, self.size = context, sandbox, web, person, size
        self.key = str(person["key"])
        self.page: Page = context.new_page()
        self.faults: list[str] = []
        self.cases: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        self.page.on("console", self._heard)
        self.page.on("response", self._answered)

    def _heard(self, line: ConsoleMessage) -> None:
        if line.type == "error" and not any(word in line.text for word in _NETWORK_WORDS):
            self.faults.append(f"console: {line.text}")

    def _answered(self, response: Any) -> None:
        path = response.url.partition("/api/v1")[2]
        if response.request.method == "POST" and re.fullmatch(r"/items/[a-z-]+/applications", path):
            self.cases.append(f"{response.status}")

    # seeing

    def at(self, testid: str) -> Locator:
        """The first element of this test id."""
        return self.page.locator(f'[data-testid="{testid}"]:visible').first

    def see(self, testid: str, timeout_ms: float = PATIENCE_MS) -> str:
        """Wait for an element; its text, once what it stands on is not too wide."""
        try:
            self.at(testid).wait_for(timeout=timeout_ms)
        except TimeoutError:
            raise AssertionError(f"no {testid} on {self.page.url}: {self.body()}") from None
        self.fits()
        return self.at(testid).inner_text()

    def body(self) -> str:
        """All that can be read."""
        return self.page.inner_text("body")

    def fits(self) -> None:
        """Nothing lies outside the screen's width."""
        too_wide = self.page.evaluate(_TOO_WIDE)
        assert not too_wide, too_wide

    def place(self) -> str:
        """The name of the page that is open."""
        found = re.search(r"#/pages/([a-z]+)/", self.page.url)
        return found[1] if found else ("home" if "/m/" in self.page.url else self.page.url)

    def wait_place(self, name: str) -> None:
        """Until this page is open."""
        self.page.wait_for_url(re.compile(rf"#/pages/{name}/|/m/(index\.html)?#?/?$" if name == "home" else rf"#/pages/{name}/"), timeout=PATIENCE_MS)

    def shot(self, name: str, *, whole: bool = True) -> None:
        """Keep a picture when somebody wants to look at it."""
        if folder := os.environ.get("SHOTS"):
            self.page.screenshot(path=Path(folder) / f"{name}-{self.size[0]}.png", full_page=whole)

    # touching

    def open(self, page: str = "home") -> None:
        """Tap the public account's menu."""
        self.page.goto(f"{self.sandbox.url}/phone/{self.key}/open?page={page}")

    def tap(self, testid: str) -> None:
        """One clean tap."""
        self.at(testid).click(timeout=PATIENCE_MS)

    def double_tap(self, testid: str) -> None:
        """Two quick taps on one spot, the second wherever it falls: as impatient or trembling fingers do."""
        target = self.at(testid)
        target.click(trial=True, timeout=PATIENCE_MS)
        box = target.bounding_box()
        assert box is not None
        spot = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.page.touchscreen.tap(*spot)
        self.page.wait_for_timeout(_SECOND_TAP_MS)
        self.page.touchscreen.tap(*spot)

    def fill(self, testid: str, text: str) -> None:
        """Type into a field and leave it."""
        self.at(testid).fill(text, timeout=PATIENCE_MS)
        self.at(testid).blur()

    @contextmanager
    def signing_in_again(self) -> Iterator[None]:
        """What is done here ends in WeChat's sign-in, from which the page comes back."""
        with self.page.expect_response(re.compile("/auth/wechat/callback"), timeout=PATIENCE_MS):
            yield
        self.page.wait_for_load_state()

    # ways that every journey takes

    def bind(self) -> None:
        """Say who one is, with the code that comes by SMS."""
        before = len(self.sandbox.sms(self.key))
        for field in ("name", "id_no", "phone"):
            self.fill(f"bind-{field.replace('_', '-')}", str(self.person[field]))
        self.fits()
        self.double_tap("send-code")
        self.fill("bind-code", self.code("sms_code", before=before))
        self.fits()
        self.double_tap("bind-submit")
        self.see("balance-card")

    def enter(self) -> None:
        """Open the account's page for the first time."""
        self.open()
        self.bind()

    def begin(self, code: str) -> None:
        """From home to an item's page, agreeing to the look-ups where they are asked for."""
        self.tap(f"item-{code}")
        self.page.locator('[data-testid="quote"]:visible, [data-testid="lookup-consent"]:visible').first.wait_for(timeout=PATIENCE_MS)
        self.fits()
        if self.at("lookup-consent").is_visible():
            self.double_tap("consent-agree")
        self.see("quote")

    def tap_case(self) -> None:
        """The case in progress, on the home page."""
        self.page.locator('[data-testid^="application-"]:visible').first.click()

    def hand_in(self) -> str:
        """On from the filled-in form: check the answers and submit; gives what the check page said."""
        self.double_tap("next")
        said = self.see("check")
        assert self.place() == "check"
        self.double_tap("submit")
        return said

    def pass_face(self, tries: int = 3) -> None:
        """Agree and scan; a slow machine may drop frames, so the page's own second try is used as a member would."""
        self.see("face-consent")
        self.double_tap("face-agree")
        self.scan(tries)

    def scan(self, tries: int = 3) -> None:
        """Before the camera until the receipt is there; what to do can be read all the while."""
        for _ in range(tries):
            self.see("face-start")
            self.double_tap("face-start")
            self._prompted()
            if self.first_of("outcome", "face-failed", "face-trouble") == "outcome":
                return
        raise AssertionError("the face did not pass: " + self.body())

    def _prompted(self) -> None:
        """The first words of the challenge, or how it ended, if it never began."""
        words = '#face-prompt[data-kind]:not([data-kind=""])'
        self.page.locator(f'{words}, [data-testid="outcome"]:visible, [data-testid="face-trouble"]:visible').first.wait_for(timeout=FACE_MS)
        if self.page.locator(words).count():
            assert self.page.evaluate(_READABLE, words), "the words under the face lie outside the screen"
            self.shot("capturing", whole=False)

    def first_of(self, *testids: str) -> str:
        """Wait for one of these; which it was."""
        any_of = ", ".join(f'[data-testid="{testid}"]:visible' for testid in testids)
        self.page.locator(any_of).first.wait_for(timeout=FACE_MS)
        return str(self.page.locator(any_of).first.get_attribute("data-testid"))

    def ends(self, *states: str) -> str:
        """Wait on the receipt for one of these states; gives all that stands there."""
        wanted = ", ".join(f'[data-testid="outcome"][data-state="{state}"]:visible' for state in states)
        try:
            self.page.locator(wanted).first.wait_for(timeout=FACE_MS)
        except TimeoutError:
            raise AssertionError(f"not {states}: {self.body()}") from None
        self.fits()
        return self.body()

    def case_no(self) -> str:
        """The reference number on the receipt: 15 digits."""
        number = self.see("case-no").strip()
        assert re.fullmatch(r"[0-9]{15}", number), number
        return number

    # the truth behind it

    def api(self, path: str) -> Any:
        """What the server says, with the page's own session."""
        answer = self.page.request.get(f"{self.web}/api/v1{path}")
        assert answer.ok, f"{path}: {answer.status}"
        return answer.json()

    def cases_of(self, item: str) -> list[dict[str, Any]]:
        """All applications of an item."""
        found = self.api("/applications")
        return [one for one in (found["applications"] if isinstance(found, dict) else found) if one["item_code"] == item]

    def told(self, template: str, timeout_s: float = 60) -> list[str]:
        """Texts of one kind in the SMS inbox, once there is one."""
        return [str(one["text"]) for one in self._arrived(template, timeout_s, 0)]

    def code(self, template: str, *, before: int = 0, timeout_s: float = 60) -> str:
        """The six digits that came last."""
        found = self._arrived(template, timeout_s, before)
        assert found, f"no {template} came"
        return next(str(word) for word in reversed(found[-1]["params"]) if re.fullmatch(r"[0-9]{6}", str(word)))

    def _arrived(self, template: str, timeout_s: float, before: int) -> list[dict[str, Any]]:
        until = time.monotonic() + timeout_s
        while True:
            found = [one for one in self.sandbox.sms(self.key)[before:] if one.get("template") == template]
            if found or time.monotonic() > until:
                return found
            time.sleep(0.1)

    def wait_until(self, true: Callable[[], Any], what: str, timeout_s: float = 60) -> Any:
        """Until something holds; what it gave."""
        until = time.monotonic() + timeout_s
        while not (found := true()):
            assert time.monotonic() < until, what
            self.page.wait_for_timeout(150)
        return found
