"""Certificates and the repayment card in a real browser: what is asked, what is told, and the way to the end."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.people import card_number, person


def _borrower(seed: int, **loan: Any) -> dict[str, Any]:
    """A member with a loan of 400,000.00 drawn in March 2024."""
    terms = {
        "contract_no": f"ZZGJJ2024{seed:06d}",
        "principal_fen": 40_000_000,
        "months": 240,
        "repayment_day": 20,
        "drawn_on": "2024-03-20",
        "house": {
            "house_no": f"4302000000{seed}GB00003F00051101",
            "contract_no": f"ZZSP2024{seed:06d}",
            "address": "天元区示例大道3号",
            "city_code": "430200",
            "price_fen": 85_000_000,
            "down_payment_fen": 45_000_000,
        },
        "card": {"bank_code": "105000", "bank_name": "建设银行", "card_no": card_number(seed)},
    }
    cards = [
        {"bank_code": "105000", "bank_name": "建设银行", "card_no": card_number(number), "class": "1"}
        for number in (seed, seed + 1)
    ]
    return person(seed, fund_loans=[terms | loan], cards=cards)


def _shot(phone, name: str) -> None:
    """Keep a picture of the page when somebody wants to look at it."""
    if folder := os.environ.get("SHOTS"):
        phone.page.wait_for_timeout(800)
        phone.page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


@pytest.fixture(scope="module")
def someone() -> dict[str, Any]:
    """A borrower."""
    return _borrower(7_501)


def _item(phone, code: str) -> None:
    phone.page.goto(phone.page.url.split("#")[0] + f"#/pages/item/item?code={code}")
    phone.page.reload()  # the same page of another item


def test_pages_of_certificates_and_card(handset, someone):
    phone, second = handset(someone), card_number(7_502)
    phone.open()
    phone.bind(someone)
    _shot(phone, "home")

    _item(phone, "loan-settled-certificate")
    phone.page.get_by_text("没有还清").first.wait_for()
    _shot(phone, "settled-refused")

    _item(phone, "other-city-certificate")
    phone.at("field-centre").wait_for()
    _shot(phone, "other-city")
    phone.at("field-centre").fill("长沙市")
    phone.at("next").click()
    assert "长沙市" in phone.at("check").inner_text()
    _shot(phone, "other-city-check")
    phone.at("submit").click()
    phone.page.get_by_text("异地贷款职工住房公积金缴存使用证明").first.wait_for()
    _shot(phone, "other-city-done")

    _item(phone, "repayment-account-change")
    phone.at("consent-agree").click()
    phone.at("field-card_no").wait_for()
    _shot(phone, "repayment-card")
    phone.at("field-card_no").fill(card_number(7_501))
    phone.page.get_by_text("建设银行", exact=True).click()
    phone.page.get_by_text("不用换").first.wait_for()
    _shot(phone, "repayment-card-refused")
    phone.at("field-card_no").fill(second)  # what stood in the way is changed where it stands
    phone.at("field-card_no").blur()
    phone.at("next").click()
    assert "还款账号变更" in phone.at("check").inner_text()
    _shot(phone, "repayment-card-check")
    phone.at("submit").click()
    phone.at("face-agree").wait_for()
    assert phone.errors == []
