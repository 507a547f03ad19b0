"""Refusals: rule and article, the fact and where it is from, what would change it, when, and where to turn."""

from __future__ import annotations

from bench.journeys import lives


def test_a_home_of_ones_own(handset, somebody):
    phone = handset(lives.home(somebody()))
    phone.enter()
    phone.begin("rent-withdrawal")
    refusal = phone.see("refusal")
    phone.shot("refused-home")
    assert "第七条" in refusal
    assert "没有自有住房" in refusal
    assert "不动产登记" in refusal
    assert "怎样就能办" in refusal
    assert "12329" in refusal
    assert phone.at("quote").get_attribute("data-allowed") == "false"
    assert phone.at("next").count() == 0
    phone.tap("to-home")
    phone.wait_place("home")
    assert phone.cases == []


def test_too_few_months(handset, somebody):
    phone = handset(somebody(months=2))
    phone.enter()
    phone.begin("rent-withdrawal")
    refusal = phone.see("refusal")
    phone.shot("refused-months")
    assert "3 个月" in refusal
    assert "2 个月" in refusal
    assert "最早可办" in refusal
    assert "2026年12月" in refusal or "2027年1月" in refusal
    assert "12329" in refusal


def test_too_much_is_told_beside_the_field(handset, somebody):
    phone = handset(somebody())
    phone.enter()
    phone.begin("rent-withdrawal")
    for written, told in (("18000.01", "18,000.00"), ("三千", "只写数字"), ("0", "大于零"), ("3000.005", "两位小数")):
        phone.fill("field-amount_fen", written)
        phone.double_tap("next")
        phone.page.get_by_text(told).first.wait_for()
        assert phone.place() == "item"
        phone.fits()
    phone.fill("field-amount_fen", "１８０００")  # a Chinese keyboard's digits
    phone.tap("next")
    assert phone.place() in ("item", "check")


def test_one_case_at_a_time(handset, somebody):
    phone = handset(somebody())
    phone.enter()
    phone.begin("rent-withdrawal")
    phone.fill("field-amount_fen", "3000")
    phone.hand_in()
    phone.see("face-consent")
    phone.open()
    phone.see("balance-card")
    phone.begin("rent-withdrawal")
    refusal = phone.see("refusal")
    phone.shot("refused-open")
    assert "怎样就能办" in refusal
    assert len(phone.cases_of("rent-withdrawal")) == 1
    phone.tap_case()  # what stands in the way is one tap off
    assert phone.see("go-on")
