"""A seventeenth item is one file: in the menu, on a page of its own, decided by its rule and carried out."""

from __future__ import annotations

from tests.support.people import person

CODE = "contribution-years-certificate"


def test_one_file_is_an_item_on_the_phone(handset):
    someone = person(7_901, months=36)
    phone = handset(someone)
    phone.open()
    phone.bind(someone)
    phone.at(f"item-{CODE}").click()
    phone.at("field-receiver").fill("株洲某某学校")
    assert phone.page.get_by_text("写单位全称").first.is_visible()
    phone.at("next").click()
    assert "株洲某某学校" in phone.at("check").inner_text()
    phone.at("submit").click()
    phone.page.get_by_text("住房公积金缴存年限证明").first.wait_for()
    assert phone.errors == []


def test_its_own_rule_refuses(handset):
    someone = person(7_902, months=11)
    phone = handset(someone)
    phone.open()
    phone.bind(someone)
    phone.at(f"item-{CODE}").click()
    phone.page.get_by_text("要连续缴存满 24 个月，您缴了 11 个月").first.wait_for()
    assert phone.errors == []
