"""Sessions that end in the middle: the member signs in again by WeChat without a tap, is where they were, and loses nothing."""

from __future__ import annotations

import pytest

from bench.journeys.sessions import expire_access, revoke


@pytest.fixture
def begun(handset, somebody):
    """A member on the rent page with a sum typed in."""
    phone = handset(somebody())
    phone.enter()
    phone.begin("rent-withdrawal")
    phone.fill("field-amount_fen", "3456.78")
    return phone


def _one_case(phone) -> None:
    assert len(phone.cases_of("rent-withdrawal")) == 1
    assert phone.cases.count("201") == 1


def test_an_old_access_token_is_renewed_unseen(begun, product):
    expire_access(begun.context, product)
    said = begun.hand_in()
    assert "3,456.78" in said.replace("\n", "")
    begun.see("face-consent")
    expire_access(begun.context, product)
    begun.double_tap("face-agree")
    begun.see("face-start")
    assert begun.place() == "face"
    _one_case(begun)


def test_what_was_typed_is_there_after_signing_in_again(begun, product):
    revoke(begun.context, product)
    with begun.signing_in_again():
        begun.page.reload()
    begun.see("quote")
    assert begun.place() == "item"
    assert begun.at("field-amount_fen").input_value() == "3456.78"
    assert "叁仟肆佰伍拾陆元柒角捌分" in begun.see("amount-words")
    begun.hand_in()
    begun.see("face-consent")
    _one_case(begun)


def test_a_session_that_ends_on_the_check_page(begun, product):
    begun.double_tap("next")
    begun.see("check")
    revoke(begun.context, product)
    with begun.signing_in_again():
        begun.double_tap("submit")
    begun.see("check")
    assert begun.place() == "check"
    assert "3,456.78" in begun.see("check").replace("\n", "")
    begun.double_tap("submit")
    begun.see("face-consent")
    _one_case(begun)


def test_a_session_that_ends_before_and_under_the_face(begun, product, sandbox):
    begun.hand_in()
    begun.see("face-consent")
    revoke(begun.context, product)
    with begun.signing_in_again():
        begun.double_tap("face-agree")
    begun.see("face-consent")
    assert begun.place() == "consent"
    begun.double_tap("face-agree")
    begun.see("face-start")
    begun.double_tap("face-start")
    begun.page.locator('#face-prompt[data-kind]:not([data-kind=""])').wait_for()
    with begun.signing_in_again():
        revoke(begun.context, product)
    begun.see("face-start")  # back on the same page: the next try goes on
    assert begun.place() == "face"
    begun.scan()
    begun.ends("paid")
    revoke(begun.context, product)
    with begun.signing_in_again():
        begun.page.reload()
    begun.ends("paid")
    case_no = begun.case_no()
    assert len(sandbox.payments(case_no)["payments"]) == 1
    _one_case(begun)


def test_who_one_is_need_not_be_typed_twice(handset, somebody, product):
    phone = handset(somebody())
    phone.open()
    for field in ("name", "id_no", "phone"):
        phone.fill(f"bind-{field.replace('_', '-')}", str(phone.person[field]))
    revoke(phone.context, product)
    with phone.signing_in_again():
        phone.double_tap("send-code")
    phone.see("bind-name")
    assert phone.place() == "bind"
    assert phone.at("bind-name").input_value() == phone.person["name"]
    assert phone.at("bind-id-no").input_value() == phone.person["id_no"]
    phone.double_tap("send-code")
    phone.fill("bind-code", phone.code("sms_code"))
    phone.double_tap("bind-submit")
    phone.see("balance-card")
