"""The review desk in a real browser 1280 wide: a member's picture, two colleagues, and the member told."""

from __future__ import annotations

import io
import os
from pathlib import Path
from uuid import UUID

import pytest
from PIL import Image, ImageDraw

from bench.prepare import Preparer, product_of
from services.core.db import transaction
from services.members.identity import find_by_id_no
from services.staff.service import present_code
from tests.support.people import person

PASSWORDS = {"shenhe": "demo-desk-first-eyes", "fuhe": "demo-desk-second-eyes"}


class DeskPage:
    """A colleague's browser window."""

    def __init__(self, browser, system, product, login: str) -> None:
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN")
        self.context.set_default_timeout(20_000)
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)
        self.login, self.product, self.url = login, product, system.ports.url("staff")

    def sign_in(self) -> DeskPage:
        self.page.goto(f"{self.url}/")
        self.shot(f"desk-sign-in-{self.login}")
        self.page.fill("input[name=login]", self.login)
        self.page.fill("input[name=password]", PASSWORDS[self.login])
        self.page.click("text=下一步")
        with transaction(self.product.sessions) as session:
            code = present_code(session, self.product.cipher, self.login, self.product.clock.now())
        self.page.fill("input[name=code]", code)
        self.page.click("button:has-text('登录')")
        self.page.wait_for_url("**/queue")
        return self

    def at(self, testid: str):
        return self.page.locator(f'[data-testid="{testid}"]').first

    def shot(self, name: str) -> None:
        """Keep a picture of the page when somebody wants to look at it."""
        if folder := os.environ.get("SHOTS"):
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def contract_picture() -> bytes:
    """A photographed paper, as a phone makes it."""
    image = Image.new("RGB", (900, 1200), "#f3efe4")
    pen = ImageDraw.Draw(image)
    pen.rectangle((60, 60, 840, 1140), outline="#8a8577", width=3)
    for line in range(20):
        pen.line((120, 240 + 42 * line, 780 - 90 * (line % 3), 240 + 42 * line), fill="#5b574d", width=5)
    out = io.BytesIO()
    image.save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def waiting_case(handset, system):
    """A married member's rent withdrawal that people have to look at, on the member's own page."""
    product = product_of(system)
    someone = person(7_401, marital_status="20")
    phone = handset(someone)
    phone.open()
    phone.bind(someone)
    phone.at("item-rent-withdrawal").click()
    phone.at("consent-agree").click()
    phone.at("field-amount_fen").fill("3000")
    phone.at("next").click()
    phone.at("submit").click()
    phone.at("face-agree").wait_for()
    with transaction(product.sessions) as session:
        account_id = find_by_id_no(session, product.cipher, someone["id_no"]).account_id
    application_id = UUID(phone.page.url.split("application=")[1].split("&")[0])
    face_id = Preparer(product).passed_face(account_id, application_id)
    with transaction(product.sessions) as session:
        case = product.engine.confirm(session, account_id, application_id, face_id)
    assert case.state == "in_review"
    phone.page.goto(f"{system.ports.url('web')}/m/#/pages/receipt/receipt?id={application_id}")
    phone.page.reload()
    return phone, case, product


def test_two_colleagues_look_at_a_picture_and_the_money_comes(waiting_case, browser, system):
    phone, case, product = waiting_case
    phone.at("picture-add").wait_for()
    with phone.page.expect_file_chooser() as chooser:
        phone.at("picture-add").click()
    chooser.value.set_files({"name": "contract.jpg", "mimeType": "image/jpeg", "buffer": contract_picture()})
    phone.at("picture").wait_for()
    assert (
        phone.page.eval_on_selector("[data-testid=picture] img", "i => i.decode().then(() => i.naturalWidth)")
        == 900
    )
    if folder := os.environ.get("SHOTS"):
        phone.page.screenshot(path=Path(folder) / "desk-phone.png", full_page=True)

    first = DeskPage(browser, system, product, "shenhe").sign_in()
    first.shot("desk-queue")
    first.page.click(f"text={case.case_no}")
    assert "3,000.00" in first.at("amount").inner_text()
    assert "已婚" in first.at("facts").inner_text()
    assert someone_hidden(first)
    first.at("claim").click()
    first.page.wait_for_function("() => [...document.images].every(i => i.complete && i.naturalWidth)")
    first.shot("desk-case-claimed")
    first.at("propose-approve").click()
    first.page.wait_for_selector("text=自己不能复核自己的意见")

    second = DeskPage(browser, system, product, "fuhe").sign_in()
    second.page.click(f"text={case.case_no}")
    second.page.wait_for_function("() => [...document.images].every(i => i.complete && i.naturalWidth)")
    second.shot("desk-case-second")
    second.at("confirm").click()
    second.page.wait_for_selector(
        "[data-testid=state]:has-text('已'), [data-testid=state]:has-text('付款中')"
    )
    second.shot("desk-case-done")

    phone.page.locator('[data-testid="outcome"][data-state="paid"]').wait_for(timeout=60_000)
    assert "3000.00" in phone.sms("settlement_paid")[0]
    assert first.errors == second.errors == phone.errors == []
    for desk in (first, second):
        desk.context.close()


def someone_hidden(desk: DeskPage) -> bool:
    """The ID number is masked until somebody says why they need it."""
    shown = desk.at("id-no").inner_text()
    return shown.startswith("659999********") and len(shown) == 18
