"""Items on loans from home to receipt: repaid and settled, an agreement in force, the repayment card changed."""

from __future__ import annotations

from bench.journeys import lives


def _wealthy_borrower(somebody, months: int):
    """A member with 560,000.00 in the fund and a loan of at most 400,000.00."""
    return lives.borrower(somebody(base_fen=10_000_000), months)


def test_a_part_is_repaid_early(handset, somebody, sandbox):
    phone = handset(_wealthy_borrower(somebody, 240))
    phone.enter()
    phone.begin("partial-prepayment")
    before = phone.see("preview")
    phone.fill("field-amount_fen", "100000")
    phone.wait_until(lambda: phone.see("preview") != before, "no trial for the sum")
    tried = phone.see("preview")
    assert "100,000.00" in tried
    assert "早" in tried
    phone.shot("prepay-item")
    said = phone.hand_in()
    assert "壹拾万元整" in said
    phone.pass_face()
    page = phone.ends("repaid")
    phone.shot("prepay")
    assert "100,000.00" in page.replace("\n", "")
    case_no = phone.case_no()
    assert sandbox.payments(case_no)["payments"] == []
    texts = phone.told("loan_repaid")
    assert len(texts) == 1
    assert "100000.00" in texts[0]
    assert "460,000" in phone.see("receipt-balance")
    assert len(phone.cases_of("partial-prepayment")) == 1


def test_the_loan_is_settled(handset, somebody):
    phone = handset(_wealthy_borrower(somebody, 60))
    phone.enter()
    phone.begin("loan-settlement")
    whole = phone.see("max").replace("\n", "").strip("¥ ")
    said = phone.hand_in()
    assert whole in said.replace("\n", "")
    phone.pass_face()
    page = phone.ends("repaid")
    phone.shot("settle")
    assert whole in page.replace("\n", "")
    phone.case_no()
    loans = phone.api("/loans")
    rows = loans["loans"] if isinstance(loans, dict) else loans
    assert [row["balance_fen"] for row in rows if "balance_fen" in row] in ([0], [])
    assert len(phone.cases_of("loan-settlement")) == 1


def test_an_agreement_is_signed(handset, somebody):
    phone = handset(lives.borrower(somebody()))
    phone.enter()
    phone.begin("repayment-agreement")
    assert "还款日" in phone.see("quote")
    said = phone.hand_in()
    assert "约定" in said
    phone.pass_face()
    page = phone.ends("completed")
    phone.shot("agreement")
    phone.case_no()
    assert "约定" in page
    assert len(phone.cases_of("repayment-agreement")) == 1
    phone.double_tap("finish")
    phone.see("balance-card")
    phone.begin("repayment-agreement")  # signed once: what can be asked for now is a change or the end
    assert "终止" in phone.body()


def test_the_repayment_card_is_changed(handset, somebody):
    someone = lives.borrower(somebody())
    other = lives.second_card(someone)
    phone = handset(someone | {"cards": [*someone["cards"], other]}, known=someone)
    phone.enter()
    phone.begin("repayment-account-change")
    phone.fill("field-card_no", other["card_no"])
    phone.page.locator('[data-testid="bank_code-102000"]').first.check(force=True)
    said = phone.hand_in()
    assert "工商银行" in said
    phone.pass_face()
    page = phone.ends("completed")
    phone.shot("repayment-card")
    phone.case_no()
    assert "单号" in page
    texts = phone.told("loan_card_changed")
    assert len(texts) == 1
    assert other["card_no"][-4:] in texts[0]
    assert len(phone.cases_of("repayment-account-change")) == 1
