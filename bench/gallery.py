"""Gallery 图册: every page of the phone client, as demo members see it, in normal, elder and dark mode. `make gallery`.

Starts a system of its own, binds the demo members in a real browser the size of a phone, and writes the pictures with
a page that shows them side by side. `--only home,item` takes some of the pages; `--out` is the folder.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bench.phone import Sandbox
from config.settings import ROOT
from runtime.browser import find_chromium
from runtime.supervisor.ports import Ports
from runtime.supervisor.system import System

OUT = ROOT / "docs" / "gallery"
SIZE = (375, 812)
MODES = ("normal", "elder", "dark")
"""How a page is looked at; elder mode is what the member chose, dark mode what the phone is set to."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One page of one member: file name, title, who, the place in the client, and what to tap before the picture."""

    name: str
    title: str
    who: str
    place: str
    taps: tuple[str, ...] = ()


def _item(code: str, title: str, who: str) -> Shot:
    return Shot(f"item-{code}", title, who, f"item/item?code={code}", ("consent-agree",))


SHOTS: tuple[Shot, ...] = (
    Shot("home", "首页", "zheng", "home/home"),
    Shot("postings", "账户明细", "zheng", "postings/postings"),
    Shot("statement", "年度对账单", "zheng", "statement/statement"),
    Shot("loan", "我的贷款", "zheng", "loan/loan"),
    Shot("calculator", "试算", "zheng", "calculator/calculator"),
    Shot("applications", "我的办理", "zheng", "applications/applications"),
    Shot("cards", "收款银行卡", "zheng", "cards/cards"),
    Shot("certificates", "我的证明", "feng", "certificates/certificates"),
    Shot("notices", "通知", "zheng", "notices/notices"),
    Shot("subscriptions", "通知订阅", "zheng", "subscriptions/subscriptions"),
    Shot("consents", "同意书", "zheng", "consents/consents"),
    Shot("datalog", "谁看过我的信息", "zheng", "datalog/datalog"),
    _item("purchase-withdrawal", "1 购房提取", "sun"),
    _item("fund-loan-withdrawal", "2 偿还公积金贷款提取", "zheng"),
    _item("commercial-loan-withdrawal", "3 偿还商贷提取", "li"),
    _item("repayment-agreement", "4 约定提取、冲还贷", "zheng"),
    _item("rent-withdrawal", "5 租房提取", "zhang"),
    _item("retirement-withdrawal", "6 离退休提取", "zhou"),
    _item("leaving-withdrawal", "7 离职提取", "wu"),
    _item("elevator-withdrawal", "8 加装电梯提取", "li"),
    _item("property-fee-withdrawal", "9 物业费提取", "li"),
    _item("partial-prepayment", "10 提前部分还款", "zheng"),
    _item("loan-settlement", "11 提前结清", "zheng"),
    _item("repayment-account-change", "12 还款账号变更", "zheng"),
    _item("contribution-certificate", "13 缴存证明", "zhang"),
    _item("other-city-certificate", "13 异地贷款缴存使用证明", "zhang"),
    _item("loan-settled-certificate", "14 结清证明", "feng"),
    _item("phone-change", "15 手机号变更", "zhang"),
    _item("payee-card-change", "15 收款卡变更", "zhang"),
    _item("transfer-in", "16 异地转移接续", "zhang"),
    Shot("refused", "不能办的时候", "li", "item/item?code=rent-withdrawal", ("consent-agree",)),
)


class Gallery:
    """A browser beside a running system."""

    def __init__(self, browser: Browser, sandbox: Sandbox, out: Path) -> None:
        self._browser = browser
        self._sandbox = sandbox
        self._out = out
        self._states: dict[str, Any] = {}
        self._people = {one["key"]: one for one in _listed(sandbox.get("/control/members"), "members")}
        self.faults: list[str] = []

    def take(self, shot: Shot, mode: str) -> None:
        """One picture."""
        with self._signed_in(shot.who, mode) as page:
            page.goto(f"{page.url.split('#')[0]}#/pages/{shot.place}")
            page.reload()
            _rest(page)
            for testid in shot.taps:
                target = page.locator(f'[data-testid="{testid}"]').first
                if target.count() and target.is_visible():
                    target.click()
                    _rest(page)
            page.screenshot(
                path=str(self._out / f"{shot.name}-{mode}.jpg"), full_page=True, type="jpeg", quality=75
            )

    @contextmanager
    def _signed_in(self, who: str, mode: str) -> Iterator[Page]:
        context = self._context(who, mode)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: self.faults.append(f"{who}: {error}"))
        page.goto(f"{self._sandbox.url}/phone/{who}/open?page=home")
        page.locator('[data-testid="balance-card"]').first.wait_for()
        if mode == "elder":
            page.evaluate("localStorage.setItem('anju.elder', JSON.stringify({type: 'boolean', data: true}))")
        try:
            yield page
        finally:
            context.close()

    def _context(self, who: str, mode: str) -> BrowserContext:
        if who not in self._states:
            self._states[who] = self._bound(who)
        return self._browser.new_context(
            viewport={"width": SIZE[0], "height": SIZE[1]},
            locale="zh-CN",
            color_scheme="dark" if mode == "dark" else "light",
            storage_state=self._states[who],
        )

    def _bound(self, who: str) -> Any:
        """Bind a member once; the cookies serve every later look."""
        self._sandbox.post(f"/control/members/{who}/follow")
        context = self._browser.new_context(viewport={"width": SIZE[0], "height": SIZE[1]}, locale="zh-CN")
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.goto(f"{self._sandbox.url}/phone/{who}/open?page=home")
        before = len(self._texts(who))
        for field in ("name", "id_no", "phone"):
            page.locator(f'[data-testid="bind-{field.replace("_", "-")}"]').first.fill(
                self._people[who][field]
            )
        page.locator('[data-testid="send-code"]').first.click()
        page.locator('[data-testid="bind-code"]').first.fill(self._code(who, before))
        page.locator('[data-testid="bind-submit"]').first.click()
        page.locator('[data-testid="balance-card"]').first.wait_for()
        state = context.storage_state()
        context.close()
        return state

    def _texts(self, who: str) -> Sequence[dict[str, Any]]:
        return _listed(self._sandbox.get(f"/control/phones/{who}/sms"), "messages")

    def _code(self, who: str, before: int) -> str:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            codes = [m["params"][0] for m in self._texts(who)[before:] if m.get("template") == "sms_code"]
            if codes:
                return str(codes[-1])
            time.sleep(0.1)
        raise TimeoutError("no SMS code came")


def _listed(answer: Any, name: str) -> Sequence[dict[str, Any]]:
    return answer[name] if isinstance(answer, dict) else answer


def _rest(page: Page) -> None:
    """Until nothing is loading and nothing moves."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(400)


def page_of(shots: Sequence[Shot]) -> str:
    """The page that shows them side by side."""
    head = "| 页面 | " + " | ".join(("平常", "大字", "深色")) + " |\n|---|---|---|---|\n"
    rows = "".join(
        f"| {shot.title} | "
        + " | ".join(f'<img src="{shot.name}-{mode}.jpg" width="250" alt="{shot.title}">' for mode in MODES)
        + " |\n"
        for shot in shots
    )
    return f"<!-- Written by `make gallery`. -->\n# Gallery 图册\n\nEvery page of the phone client at {SIZE[0]}×{SIZE[1]}.\n\n{head}{rows}"


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
    spec = find_chromium()
    with tempfile.TemporaryDirectory(prefix="anju-gallery-") as folder, sync_playwright() as playwright:
        Path(folder).chmod(0o755)
        system = System(Path(folder), Ports.free(), durable=False)
        system.start()
        browser = playwright.chromium.launch(
            executable_path=spec.path, args=list(spec.args), env={**os.environ, **spec.env}
        )
        try:
            gallery = Gallery(browser, Sandbox(system.ports.url("phone")), args.out)
            for shot in shots:
                for mode in args.modes.split(","):
                    gallery.take(shot, mode)
                    print(f"{shot.name} {mode}", flush=True)
        finally:
            browser.close()
            system.stop()
    if not only:
        (args.out / "README.md").write_text(page_of(shots), encoding="utf-8")
    for fault in gallery.faults:
        print(f"page error: {fault}")
    return 1 if gallery.faults else 0


if __name__ == "__main__":
    sys.exit(main())
