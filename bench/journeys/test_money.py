"""Withdrawals from home to receipt: what the member sees, one payment at the bank, one message on each channel."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from bench.journeys import lives
from bench.journeys.colleagues import agree
from services.applications.models import Application
from services.contributions.service import post_contribution
from services.core.db import transaction


def _paid(phone, sandbox, item: str, yuan: str) -> str:
    """Money arrived: on the page, at the bank exactly once, told once by SMS and once by WeChat; gives the page's words."""
    page = phone.ends("paid")
    tail = phone.person["cards"][0]["card_no"][-4:]
    assert "已到账" in page
    assert yuan in page
    assert f"尾号 {tail}" in page
    case_no = phone.case_no()
    phone.shot(item)
    payments = sandbox.payments(case_no)
    assert len(payments["payments"]) == 1, payments
    assert payments["doubled"] == []
    assert len(phone.cases_of(item)) == 1
    texts = phone.told("settlement_paid")
    assert len(texts) == 1
    assert yuan.replace(",", "") in texts[0]
    assert tail in texts[0]
    written = phone.wait_until(lambda: [m for m in sandbox.wechat(phone.key) if m.get("template") == "settlement_paid" or tail in str(m)], "no WeChat message")
    assert len(written) == 1, written
    return page


def test_rent(handset, somebody, sandbox):
    someone = somebody(name="李𬭎")
    phone = handset(someone)
    phone.enter()
    assert "李*" in phone.see("title") or "*𬭎" in phone.see("title")
    assert "56,000" in phone.see("balance")
    phone.begin("rent-withdrawal")
    assert "18,000" in phone.see("max")
    phone.fill("field-amount_fen", "3000")
    assert "叁仟元整" in phone.see("amount-words")
    phone.shot("rent-item")
    said = phone.hand_in()
    assert "叁仟元整" in said
    assert someone["cards"][0]["card_no"][-4:] in said
    phone.pass_face()
    _paid(phone, sandbox, "rent-withdrawal", "3,000.00")
    assert "53,000" in phone.see("receipt-balance")
    phone.double_tap("finish")
    phone.wait_place("home")
    assert "53,000" in phone.see("balance")
    assert phone.cases == ["201"]


@pytest.mark.parametrize(
    ("item", "life", "most", "yuan"),
    [
        ("purchase-withdrawal", lives.buyer, "55,999.99", "20,000.00"),
        ("commercial-loan-withdrawal", lives.bank_borrower, "36,000.00", "36,000.00"),
        ("elevator-withdrawal", lives.with_elevator, "20,800.00", "20,800.00"),
        ("property-fee-withdrawal", lives.with_bill, "2,160.00", "2,160.00"),
        ("fund-loan-withdrawal", lives.borrower, "55,999.99", "10,000.00"),
    ],
)
def test_withdrawal(handset, somebody, sandbox, item, life, most, yuan):
    someone = life(somebody())
    phone = handset(someone)
    phone.enter()
    phone.begin(item)
    assert most in phone.see("max").replace("\n", "")
    if most == yuan:
        phone.tap("fill-max")
    else:
        phone.fill("field-amount_fen", yuan.replace(",", ""))
    phone.hand_in()
    phone.pass_face()
    _paid(phone, sandbox, item, yuan)


@pytest.mark.parametrize(("item", "life"), [("retirement-withdrawal", lives.retired), ("leaving-withdrawal", lives.gone)])
def test_the_whole_account(handset, somebody, sandbox, product, item, life):
    """More than a case may pay at once: two colleagues look at it, while the member reads what is going on."""
    phone = handset(life(somebody()))
    phone.enter()
    phone.begin(item)
    whole = phone.see("max").replace("\n", "").strip("¥ ")
    said = phone.hand_in()
    assert whole in said.replace("\n", "")
    phone.pass_face()
    assert "工作人员正在审核" in phone.ends("in_review")
    agree(product, phone.case_no())
    page = _paid(phone, sandbox, item, whole)
    assert "56,0" not in phone.see("receipt-balance")
    assert "0.00" in phone.see("receipt-balance").replace("\n", "")
    assert "单号" in page


def test_money_comes_in_while_the_account_is_being_closed(handset, somebody, product):
    """The face was for another sum: nothing moves, both sums are said, and the case can be stopped and begun anew."""
    phone = handset(lives.retired(somebody()))
    phone.enter()
    phone.begin("retirement-withdrawal")
    before = phone.see("max").replace("\n", "").strip("¥ ")
    phone.hand_in()
    (case,) = phone.cases_of("retirement-withdrawal")
    with transaction(product.sessions) as session:
        account_id = session.scalar(select(Application.account_id).where(Application.case_no == case["case_no"]))
        post_contribution(session, account_id, date(2030, 1, 1), 123_400, product.clock.now())
    phone.see("face-consent")
    phone.double_tap("face-agree")
    phone.see("face-start")
    phone.double_tap("face-start")
    said = phone.see("amount-moved", 120_000).replace("\n", "")
    phone.shot("closing-moved")
    assert before in said
    assert not phone.at("face-start").is_visible()
    assert phone.cases_of("retirement-withdrawal")[0]["state"] == "verifying"
    phone.tap("moved-stop")
    phone.tap("cancel")
    phone.tap("cancel-yes")
    phone.ends("cancelled")
    phone.open()
    phone.begin("retirement-withdrawal")
    assert phone.see("max").replace("\n", "").strip("¥ ") in said
