"""The staff desk's pages 审核台页面: what colleagues see on a wide screen, with a case, a break and a bad rating at hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Page

from bench.desk_work import LOGIN, make_work
from bench.page_cases import Cases
from bench.prepare import product_of
from runtime.supervisor.system import System
from services.core.db import transaction
from services.staff.service import present_code

MODES = ("normal", "dark")
WIDE = (1280, 900)
_PASSWORD = "demo-desk-second-eyes"


@dataclass(frozen=True, slots=True)
class DeskShot:
    """One page of the desk: its address, and the last link of it that is opened, the oldest."""

    name: str
    title: str
    place: str
    opened: str = ""


SHOTS = (
    DeskShot("desk-queue", "待审队列", "queue"),
    DeskShot("desk-case", "一件待审", "queue", "/cases/"),
    DeskShot("desk-breaks", "差错", "breaks"),
    DeskShot("desk-break", "一笔差错", "breaks", "/breaks/"),
    DeskShot("desk-suspense", "挂账", "suspense"),
    DeskShot("desk-suspense-one", "一笔挂账", "suspense", "/suspense/"),
    DeskShot("desk-days", "日终", "days"),
    DeskShot("desk-day", "一天的日终", "days", "/days/"),
    DeskShot("desk-ratings", "差评整改", "ratings"),
    DeskShot("desk-rating", "一条差评", "ratings", "/ratings/"),
    DeskShot("desk-lock", "电话上锁", "lock"),
    DeskShot("desk-counter", "到柜台办的事", "counter"),
    DeskShot("desk-counter-one", "一件柜台的事", "counter", "/counter/"),
    DeskShot("desk-announcements", "公告与停机", "announcements"),
    DeskShot("desk-password", "自己的密码", "password"),
)


class DeskLooker:
    """A colleague's browser beside a running system; signs in once."""

    def __init__(self, browser: Browser, system: System, cases: Cases) -> None:
        self._browser, self._system, self._cases = browser, system, cases
        self._product = product_of(system)
        self._state: Any = None

    @contextmanager
    def at(self, shot: DeskShot, mode: str) -> Iterator[Page]:
        """The page as a colleague sees it."""
        if self._state is None:
            make_work(self._product, self._system, self._cases)
            self._state = self._signed_in()
        context = self._browser.new_context(
            viewport={"width": WIDE[0], "height": WIDE[1]},
            locale="zh-CN",
            color_scheme="dark" if mode == "dark" else "light",
            storage_state=self._state,
        )
        try:
            page = context.new_page()
            page.goto(f"{self._system.ports.url('staff')}/{shot.place}")
            if shot.opened:
                page.locator(f'main a[href*="{shot.opened}"]').last.click()
                page.wait_for_load_state()
            yield page
        finally:
            context.close()

    def _signed_in(self) -> Any:
        context = self._browser.new_context(locale="zh-CN")
        page = context.new_page()
        page.goto(f"{self._system.ports.url('staff')}/")
        page.fill("input[name=login]", LOGIN)
        page.fill("input[name=password]", _PASSWORD)
        page.click("text=下一步")
        with transaction(self._product.sessions) as session:
            code = present_code(session, self._product.cipher, LOGIN, self._product.clock.now())
        page.fill("input[name=code]", code)
        page.click("button:has-text('登录')")
        page.wait_for_url("**/queue")
        state = context.storage_state()
        context.close()
        return state
