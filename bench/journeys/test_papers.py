"""Certificates issued, number and card changed, an account on its way from another city: from home to receipt."""

from __future__ import annotations

import re

import pytest

from bench.journeys import lives

CITY = "长沙市"


@pytest.mark.parametrize(
    ("item", "life", "fields", "name"),
    [
        ("contribution-certificate", dict, {}, "缴存证明"),
        ("other-city-certificate", dict, {"centre": CITY}, "缴存使用证明"),
        ("loan-settled-certificate", lives.settled, {}, "结清证明"),
    ],
)
def test_certificate(handset, somebody, item, life, fields, name):
    phone = handset(life(somebody(name="阿依古丽·买买提")))
    phone.enter()
    phone.begin(item)
    for field, text in fields.items():
        phone.fill(f"field-{field}", text)
    said = phone.hand_in()
    assert all(text in said for text in fields.values())
    page = phone.ends("completed")
    assert name in page
    number = re.sub(r"[^ZM0-9]", "", phone.see("certificate-number"))
    assert re.fullmatch(r"ZM[0-9]{15}", number)
    phone.shot(item)
    mine = [one for one in phone.api("/certificates")["certificates"] if one["number"] == number]
    assert len(mine) == 1
    pdf = phone.page.request.get(phone.web + mine[0]["pdf_url"])
    assert pdf.body().startswith(b"%PDF")
    assert len(phone.cases_of(item)) == 1
    assert phone.cases == ["201"]


def test_another_payee_card(handset, somebody):
    someone = somebody()
    other = lives.second_card(someone)
    phone = handset(someone | {"cards": [*someone["cards"], other]}, known=someone)
    phone.enter()
    phone.begin("payee-card-change")
    spaced = " ".join(re.findall("....|.+", other["card_no"]))
    phone.fill("field-card_no", spaced)
    phone.page.locator('[data-testid="bank_code-102000"]').first.check(force=True)
    phone.shot("payee-card-item")
    said = phone.hand_in()
    assert "工商银行" in said
    phone.pass_face()
    phone.ends("completed")
    phone.shot("payee-card")
    phone.case_no()
    texts = phone.told("card_changed")
    assert len(texts) == 1
    assert other["card_no"][-4:] in texts[0]
    cards = phone.api("/cards")["cards"]
    assert [card["tail4"] for card in cards].count(other["card_no"][-4:]) == 1
    assert len(phone.cases_of("payee-card-change")) == 1


def test_another_phone_number(handset, somebody):
    someone = somebody()
    new = f"199{someone['phone'][3:]}"
    phone = handset(someone | {"second_phone": new})
    phone.enter()
    phone.begin("phone-change")
    phone.fill("field-new_phone", new)
    phone.double_tap("send-new_phone")
    phone.see("code-new_phone")
    phone.fill("code-new_phone", phone.code("operation_code"))
    phone.shot("phone-item")
    said = phone.hand_in()
    assert f"{new[:3]} {new[3:7]} {new[7:]}" in said
    phone.pass_face()
    phone.ends("completed")
    phone.shot("phone")
    phone.case_no()
    assert len(phone.told("phone_left")) == 1
    assert len(phone.told("phone_changed")) == 1
    assert len(phone.cases_of("phone-change")) == 1


def test_an_account_comes_from_another_city(handset, somebody):
    phone = handset(somebody())
    phone.enter()
    phone.begin("transfer-in")
    phone.fill("centre-find", "长沙")
    phone.page.locator('label:has([data-testid="centre-C43010"])').click()
    said = phone.hand_in()
    assert "长沙" in said
    phone.pass_face()
    page = phone.ends("completed", "forwarded", "in_review")
    phone.shot("transfer")
    assert phone.case_no() in page
    assert len(phone.cases_of("transfer-in")) == 1
    phone.ends("completed")
