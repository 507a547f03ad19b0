"""Without a face: card and code, the payment that waits a day, and stopping it."""

from __future__ import annotations


def test_card_and_code_and_the_payment_is_stopped(handset, somebody, sandbox):
    phone = handset(somebody())
    phone.enter()
    phone.begin("rent-withdrawal")
    phone.fill("field-amount_fen", "3000")
    phone.hand_in()
    phone.see("face-consent")
    phone.double_tap("face-other-way")
    phone.see("way-card-sms")
    phone.shot("other-way")
    phone.double_tap("way-card-sms")
    phone.see("card-sms")
    phone.double_tap("send-code")
    phone.fill("card-code", phone.code("operation_code"))
    phone.shot("other-way-code")
    phone.double_tap("card-confirm")
    page = phone.ends("waiting")
    phone.shot("other-way-waiting")
    assert "53,000" in phone.see("receipt-balance")
    case_no = phone.case_no()
    assert case_no in page
    phone.double_tap("cancel")
    assert phone.see("cancel-yes")  # the second tap stopped nothing
    assert phone.cases_of("rent-withdrawal")[0]["state"] == "waiting"
    phone.double_tap("cancel-yes")
    phone.ends("cancelled")
    assert "56,000" in phone.see("receipt-balance")
    assert sandbox.payments(case_no)["payments"] == []
    assert len(phone.told("payment_stopped")) == 1
    assert len(phone.cases_of("rent-withdrawal")) == 1


def test_people_look_at_it(handset, somebody):
    phone = handset(somebody(marital_status="20"))
    phone.enter()
    phone.begin("rent-withdrawal")
    assert "3 个工作日" in phone.see("timing")
    phone.fill("field-amount_fen", "3000")
    phone.hand_in()
    phone.pass_face()
    page = phone.ends("in_review")
    phone.shot("in-review")
    assert phone.case_no() in page
    phone.see("picture-add")
    assert len(phone.cases_of("rent-withdrawal")) == 1
