"""The member's own way, in a real browser 375 by 812: bind, ask, scan a face, be paid, be told."""

from __future__ import annotations

import re

from tests.support.people import card_number, person


def test_rent_withdrawal_is_paid_and_told(handset, sandbox, system):
    someone = person(7_101)
    phone = handset(someone)
    phone.open()
    phone.bind(someone)
    assert "陈*明" in phone.page.inner_text("body")
    assert "56,000" in phone.at("balance").inner_text()

    phone.at("item-rent-withdrawal").click()
    phone.at("consent-agree").click()
    assert "18,000" in phone.at("max").inner_text()
    phone.at("field-amount_fen").fill("3000")
    assert "叁仟元整" in phone.at("amount-words").inner_text()
    phone.at("next").click()
    assert "叁仟元整" in phone.at("check-words").inner_text()
    assert someone["cards"][0]["card_no"][-4:] in phone.at("check").inner_text()
    phone.at("submit").click()

    phone.pass_face()
    phone.page.locator('[data-testid="outcome"][data-state="paid"]').wait_for(timeout=60_000)
    receipt = phone.page.inner_text("body")
    assert "已到账" in receipt
    case_no = re.search(r"[0-9]{15}", receipt)[0]
    payments = sandbox.payments(case_no)
    assert case_no in str(payments)
    texts = phone.sms("settlement_paid")
    assert len(texts) == 1
    assert "3000.00" in texts[0]
    assert phone.errors == []


def test_refusal_says_why_and_what_would_change_it(handset):
    someone = person(
        7_102,
        houses=[
            {
                "certificate_no": "湘(2020)株洲市不动产权第0000009号",
                "address": "示例路9号",
                "city_code": "430200",
                "share_percent": 100,
                "acquired_on": "2020-01-01",
            }
        ],
    )
    phone = handset(someone)
    phone.open()
    phone.bind(someone)
    phone.at("item-rent-withdrawal").click()
    phone.at("consent-agree").click()
    phone.at("refusal").wait_for()
    text = phone.page.inner_text("body")
    assert "不动产登记" in text
    assert "第七条" in text
    assert "12329" in text


def test_certificate_is_issued_and_verifies_for_anyone(handset, system, browser):
    someone = person(7_103)
    phone = handset(someone)
    phone.open()
    phone.bind(someone)
    phone.at("item-contribution-certificate").click()
    phone.at("next").click()
    phone.at("submit").click()
    phone.at("certificate-number").wait_for(timeout=60_000)
    number = re.sub(r"[^ZM0-9]", "", phone.at("certificate-number").inner_text())
    assert re.fullmatch(r"ZM[0-9]{15}", number)
    listing = phone.page.request.get(f"{system.ports.url('web')}/api/v1/certificates").json()
    mine = next(c for c in listing["certificates"] if c["number"] == number)
    pdf = phone.page.request.get(system.ports.url("web") + mine["pdf_url"]).body()
    assert pdf.startswith(b"%PDF")

    stranger = browser.new_context(viewport={"width": 375, "height": 812}).new_page()
    stranger.goto(mine["verify_url"].replace("http://127.0.0.1:8600", system.ports.url("web")))
    assert "查到这份证明" in stranger.inner_text("body")
    assert "陈*明" in stranger.inner_text("body")
    stranger.set_input_files("#file", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": pdf})
    stranger.get_by_role("button", name="上传并核对").click()
    assert "文件是真的" in stranger.inner_text("body")
    altered = pdf[:-40] + bytes([pdf[-40] ^ 1]) + pdf[-39:]
    stranger.set_input_files("#file", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": altered})
    stranger.get_by_role("button", name="上传并核对").click()
    assert "文件不一致" in stranger.inner_text("body")


def test_new_payee_card_is_checked_with_the_bank_and_waits(handset, sandbox):
    old_card, new_card = card_number(7_104), card_number(990_104)
    cards = [
        {"bank_code": "105000", "bank_name": "建设银行", "card_no": number, "class": "1"}
        for number in (old_card, new_card)
    ]
    someone = person(7_104, cards=cards)
    sandbox.post("/control/members", {**someone, "cards": cards[:1]})  # the centre knows only the old card
    phone = handset({**someone, "import": False})  # the bank knows both
    phone.open()
    phone.bind(someone)
    phone.at("item-payee-card-change").click()
    phone.at("consent-agree").click()
    phone.page.locator("#field-card_no").fill(new_card)
    phone.at("bank_code-105000").check(force=True)
    phone.at("next").click()
    phone.at("submit").click()
    phone.pass_face()
    phone.page.locator('[data-testid="outcome"][data-state="completed"]').wait_for(timeout=60_000)
    phone.open("cards")
    phone.at("card").wait_for()
    text = phone.page.inner_text("body")
    assert new_card[-4:] in text
    assert "起可以收款" in text or "等" in text
    assert len(phone.sms("card_changed")) == 1
    assert phone.errors == []
