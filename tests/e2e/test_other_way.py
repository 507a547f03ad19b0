"""Without a face, in a real browser: card and code, the payment that waits, stopping it, and the day after."""

from __future__ import annotations

import time

from tests.support.people import person

DAY_S = 24 * 3600


def _apply(phone, someone) -> None:
    """A rent withdrawal of 3,000.00 up to where the face would be asked for."""
    phone.open()
    phone.bind(someone)
    phone.at("item-rent-withdrawal").click()
    phone.at("consent-agree").click()
    assert "一笔最多 5,000.00 元" in phone.at("timing-other").inner_text()
    phone.at("field-amount_fen").fill("3000")
    phone.at("next").click()
    phone.at("submit").click()


def _without_face(phone, shots) -> None:
    """Choose card and SMS on the consent page, and hand in the code."""
    phone.at("face-consent").wait_for()
    phone.at("face-other-way").click()
    phone.at("way-card-sms").wait_for()
    phone.page.screenshot(path=shots / "1-other-ways.png", full_page=True)
    phone.at("way-card-sms").click()
    phone.at("card-sms").wait_for()
    phone.page.screenshot(path=shots / "2-card-and-sms.png", full_page=True)
    phone.at("send-code").click()
    phone.at("card-code").wait_for()
    assert phone.sms("operation_code")[-1].count("租房提取3000.00元") == 1
    wrong = "000000" if _code(phone) != "000000" else "111111"
    phone.at("card-code").fill(wrong)
    phone.at("card-confirm").click()
    phone.page.get_by_text("验证码不对").wait_for()
    phone.at("card-code").fill(_code(phone))
    phone.page.screenshot(path=shots / "3-code.png", full_page=True)
    phone.at("card-confirm").click()
    phone.page.locator('[data-testid="outcome"][data-state="waiting"]').wait_for()
    phone.at("pay-later").wait_for()
    phone.page.screenshot(path=shots / "4-waiting.png", full_page=True)


def _code(phone) -> str:
    """The code of the last SMS."""
    messages = [m for m in phone.sandbox.sms(phone.key) if m.get("template") == "operation_code"]
    return str(messages[-1]["params"][1])


def test_without_a_face_the_payment_waits_and_can_be_stopped(handset, sandbox, tmp_path):
    someone = person(7_601)
    phone = handset(someone)
    _apply(phone, someone)
    _without_face(phone, tmp_path)
    body = phone.page.inner_text("body")
    assert "付款，可撤销" in body
    assert "银行卡和短信" in body
    assert "53,000" in phone.at("receipt-balance").inner_text()  # held at once
    case_no = phone.at("case-no").inner_text()
    assert "此前可撤销" in phone.sms("payment_waiting")[0]

    phone.at("cancel").click()
    phone.at("cancel-yes").click()
    phone.page.locator('[data-testid="outcome"][data-state="cancelled"]').wait_for()
    phone.page.screenshot(path=tmp_path / "5-stopped.png", full_page=True)
    assert "56,000" in phone.at("receipt-balance").inner_text()
    assert len(phone.sms("payment_stopped")) == 1
    assert sandbox.payments(case_no)["payments"] == []
    assert phone.errors == []


def test_without_a_face_the_money_comes_a_day_later(handset, sandbox, tmp_path):
    someone = person(7_602)
    phone = handset(someone)
    _apply(phone, someone)
    _without_face(phone, tmp_path)
    case_no = phone.at("case-no").inner_text()
    time.sleep(6)  # more than one round of the sweep
    assert sandbox.payments(case_no)["payments"] == []
    assert [m for m in sandbox.sms(phone.key) if m.get("template") == "settlement_paid"] == []
    sandbox.post("/control/clock", {"offset_s": DAY_S + 900})
    try:
        assert "3000.00" in phone.sms("settlement_paid", timeout_s=60)[0]
    finally:
        sandbox.post("/control/clock", {"offset_s": 0})
    assert len(sandbox.payments(case_no)["payments"]) == 1
