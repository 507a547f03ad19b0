"""Items on the centre's loan in a real browser: the trial is seen before anything is asked, the loan is settled."""

from __future__ import annotations

from typing import Any

from tests.support.people import card_number, person


def _borrower(seed: int, months: int = 60) -> dict[str, Any]:
    """A member with 560,000.00 in the fund and a loan of 400,000.00."""
    house_no = f"4302000000{seed}GB00003F00051101"
    loan = {
        "contract_no": f"ZZGJJ2024{seed:06d}",
        "principal_fen": 40_000_000,
        "months": months,
        "repayment_day": 20,
        "drawn_on": "2024-03-20",
        "house": {
            "house_no": house_no,
            "contract_no": f"ZZSP2024{seed:06d}",
            "address": "天元区示例大道3号",
            "city_code": "430200",
            "price_fen": 85_000_000,
            "down_payment_fen": 45_000_000,
        },
        "card": {"bank_code": "105000", "bank_name": "建设银行", "card_no": card_number(seed)},
    }
    home = {"certificate_no": f"湘(2024)第{seed}号", "house_no": house_no, "address": "天元区示例大道3号"}
    return person(seed, base_fen=10_000_000, fund_loans=[loan], houses=[home])


def test_a_trial_is_shown_and_a_part_repaid(handset):
    someone = _borrower(7_301, 240)
    phone = handset(someone)
    phone.open()
    phone.bind(someone)
    phone.page.goto(phone.page.url.split("#")[0] + "#/pages/item/item?code=partial-prepayment")
    phone.at("preview").wait_for()
    before = phone.at("preview").inner_text()
    phone.at("field-amount_fen").fill("100000")
    phone.at("field-amount_fen").blur()
    phone.page.wait_for_function(
        "before => document.querySelector('[data-testid=preview]').innerText !== before", arg=before
    )
    tried = phone.at("preview").inner_text()
    assert "100,000.00" in tried
    assert "早" in tried
    phone.at("next").click()
    assert "壹拾万元整" in phone.at("check-words").inner_text()
    assert phone.errors == []


def test_settling_says_what_it_costs_today(handset):
    someone = _borrower(7_302)
    phone = handset(someone)
    phone.open()
    phone.bind(someone)
    phone.page.goto(phone.page.url.split("#")[0] + "#/pages/item/item?code=loan-settlement")
    phone.at("max").wait_for()
    assert "您现在可还" in phone.at("quote").inner_text()
    phone.at("next").click()
    assert "提前结清" in phone.at("check").inner_text()
    assert phone.errors == []


def test_an_agreement_needs_one_look_and_no_form(handset):
    someone = _borrower(7_303)
    phone = handset(someone)
    phone.open()
    phone.bind(someone)
    phone.page.goto(phone.page.url.split("#")[0] + "#/pages/item/item?code=repayment-agreement")
    phone.at("consent-agree").click()
    assert "还款日" in phone.at("quote").inner_text()
    phone.at("next").click()
    assert "约定提取还贷" in phone.at("check").inner_text()
    assert phone.errors == []
