"""The staff desk's pages 审核台页面: what colleagues see on a wide screen, with a case, a break and a bad rating at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from playwright.sync_api import Browser, Page

from bench.page_cases import RENT, Cases
from bench.people import person
from bench.phone import Phone, Sandbox
from bench.prepare import Preparer, product_of
from runtime.bootstrap import Product
from runtime.cli.closing import run_close_days, run_cut_over
from runtime.supervisor.system import System
from services.centre.announcements import publish
from services.core.db import transaction
from services.members.identity import find_by_id_no
from services.staff.service import present_code

MODES = ("normal", "dark")
WIDE = (1280, 900)
_LOGIN, _PASSWORD = "fuhe", "demo-desk-second-eyes"
_NUMBER = 95_300


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
    DeskShot("desk-days", "日终", "days"),
    DeskShot("desk-day", "一天的日终", "days", "/days/"),
    DeskShot("desk-ratings", "差评整改", "ratings"),
    DeskShot("desk-rating", "一条差评", "ratings", "/ratings/"),
    DeskShot("desk-lock", "电话上锁", "lock"),
    DeskShot("desk-counter", "到柜台办的事", "counter"),
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
        page.fill("input[name=login]", _LOGIN)
        page.fill("input[name=password]", _PASSWORD)
        page.click("text=下一步")
        with transaction(self._product.sessions) as session:
            code = present_code(session, self._product.cipher, _LOGIN, self._product.clock.now())
        page.fill("input[name=code]", code)
        page.click("button:has-text('登录')")
        page.wait_for_url("**/queue")
        state = context.storage_state()
        context.close()
        return state


def make_work(product: Product, system: System, cases: Cases) -> None:
    """Cases in the queue, a bad rating, money of nobody on a day that ends, and an announcement."""
    web, sandbox = system.ports.url("web"), Sandbox(system.ports.url("phone"))
    for place, name in enumerate(("谭玉梅", "邓建军", "易小红")):
        _in_review(product, web, sandbox, _NUMBER + place, name)
    _rated(web, sandbox, cases)
    _day_that_ends(product, sandbox)
    _announced(product)


def _in_review(product: Product, web: str, sandbox: Sandbox, number: int, name: str) -> None:
    """A married member's rent: the spouse's homes have to be looked at by people."""
    someone = person(number, months=28, base_fen=1_000_000) | {
        "key": f"desk-{number}", "name": name, "marital_status": "20", "employer": "株洲千里机车有限公司",
    }  # fmt: skip
    sandbox.post("/control/members", someone)
    phone = Phone(web, sandbox, str(someone["key"]))
    for step in (phone.follow, phone.sign_in, lambda: phone.bind(someone)):
        step()
    phone.consent("data_sharing", item_code=RENT)
    card = phone.call("POST", f"/items/{RENT}/quote", {})["cards"][0]
    application_id = UUID(
        phone.apply(RENT, {"amount_fen": 300_000, "card_id": card["card_id"]})["application_id"]
    )
    with transaction(product.sessions) as session:
        found = find_by_id_no(session, product.cipher, someone["id_no"])
        assert found is not None
    face_id = Preparer(product).passed_face(found.account_id, application_id)
    with transaction(product.sessions) as session:
        product.engine.confirm(session, found.account_id, application_id, face_id)


def _rated(web: str, sandbox: Sandbox, cases: Cases) -> None:
    paid = cases.ready("case-paid")["paid"]
    phone = Phone(web, sandbox, "case-paid")
    phone.sign_in()
    words = "等了好一会儿，页面上看不出办到哪一步了。"
    phone.call("POST", f"/applications/{paid}/rating", {"level": 2, "reasons": [], "words": words})


def _day_that_ends(product: Product, sandbox: Sandbox) -> None:
    """Money came that nobody can be named for; the day's end finds it."""
    unknown = {
        "account_no": "6222020000000000017",
        "name": "株洲某某物业有限公司",
        "summary": "往来款",
        "remark": "",
    }
    sandbox.post("/control/settlement/credit", {"amount_fen": 128_000, **unknown})
    for finish in _ends(product, sandbox):
        finish()


def _ends(product: Product, sandbox: Sandbox) -> tuple[Callable[[], object], ...]:
    none: Any = None
    return (
        lambda: run_cut_over(product.settings, none),
        lambda: sandbox.post("/control/settlement/cutoff"),
        lambda: run_close_days(product.settings, none),
    )


def _announced(product: Product) -> None:
    now = product.clock.now()
    words = "11月29日 0 点到 6 点银行系统升级，这段时间批准的提取，钱在早上 8 点以前到账。"
    with transaction(product.sessions) as session:
        publish(
            session, kind="news", words=words, from_at=now, until_at=now + timedelta(days=7),
            by=f"staff:{_LOGIN}", at=now,
        )  # fmt: skip
