"""The back button, reloads in the middle, and one's own impatience: the member is where they were, and nothing runs twice."""

from __future__ import annotations

import pytest


@pytest.fixture
def begun(handset, somebody):
    """A member on the rent page with a sum typed in."""
    phone = handset(somebody())
    phone.enter()
    phone.begin("rent-withdrawal")
    phone.fill("field-amount_fen", "3000")
    return phone


def _one_case(phone) -> None:
    assert len(phone.cases_of("rent-withdrawal")) == 1
    assert phone.cases.count("201") == 1


def test_reload_at_every_step(begun, sandbox):
    begun.page.reload()
    begun.see("quote")
    assert begun.at("field-amount_fen").input_value() == "3000"
    begun.double_tap("next")
    begun.see("check")
    begun.page.reload()
    assert "叁仟元整" in begun.see("check")
    begun.double_tap("submit")
    begun.see("face-consent")
    begun.page.reload()
    begun.see("face-consent")
    begun.double_tap("face-agree")
    begun.see("face-start")
    begun.page.reload()
    begun.see("face-start")
    begun.double_tap("face-start")
    begun.page.locator('#face-prompt[data-kind]:not([data-kind=""]):not([data-kind="neutral"])').wait_for()
    begun.page.reload()  # in the middle of a challenge
    begun.double_tap("face-start")
    begun.page.locator('[data-testid="face-failed"]:visible, [data-stage="judging"]:visible, [data-testid="outcome"]:visible').first.wait_for(timeout=120_000)
    begun.page.reload()  # while the face is looked at, or just after
    if begun.first_of("face-start", "outcome") == "face-start":
        begun.scan()
    begun.ends("paid")
    begun.page.reload()
    begun.ends("paid")
    assert len(sandbox.payments(begun.case_no())["payments"]) == 1
    _one_case(begun)


def test_back_from_the_check_page_changes_the_answer(begun):
    begun.double_tap("next")
    begun.see("check")
    begun.page.go_back()
    begun.see("quote")
    assert begun.at("field-amount_fen").input_value() == "3000"
    begun.fill("field-amount_fen", "2000")
    begun.double_tap("next")
    assert "贰仟元整" in begun.see("check")
    begun.tap("change")
    begun.see("quote")
    begun.double_tap("next")
    begun.see("check")
    assert begun.cases == []
    begun.double_tap("submit")
    begun.see("face-consent")
    _one_case(begun)
    assert begun.cases_of("rent-withdrawal")[0]["amount_fen"] == 200_000


def test_back_from_consent_face_and_receipt_hands_in_nothing(begun, sandbox):
    begun.hand_in()
    begun.see("face-consent")
    begun.page.go_back()
    begun.see("refusal")  # one is under way, and the page says so
    begun.page.go_forward()
    begun.see("face-consent")
    begun.pass_face()
    begun.ends("paid")
    case_no = begun.case_no()
    begun.page.go_back()
    begun.page.wait_for_load_state("networkidle")
    begun.page.go_forward()
    begun.ends("paid")
    assert begun.case_no() == case_no
    begun.tap("back")
    begun.page.wait_for_load_state("networkidle")
    _one_case(begun)
    assert len(sandbox.payments(case_no)["payments"]) == 1


def test_pages_of_a_case_that_is_over_lead_to_its_receipt(begun):
    begun.hand_in()
    begun.pass_face()
    begun.ends("paid")
    case = begun.cases_of("rent-withdrawal")[0]["application_id"]
    for address in (f"consent/consent?application={case}", f"face/face?application={case}&consent={case}", "check/check?code=rent-withdrawal"):
        begun.page.goto(f"{begun.web}/m/#/pages/{address}")
        begun.page.reload()
        begun.ends("paid")
        assert begun.place() == "receipt"
    _one_case(begun)


def test_a_face_that_failed_is_tried_again(begun, sandbox):
    begun.hand_in()
    begun.see("face-consent")
    begun.double_tap("face-agree")
    sandbox.post(f"/phone/{begun.key}/camera", {"mode": "still", "portrait": begun.person["portrait"]})
    begun.see("face-start")
    begun.double_tap("face-start")
    failed = begun.see("face-failed", timeout_ms=120_000)
    begun.shot("face-failed")
    assert "2" in failed
    sandbox.post(f"/phone/{begun.key}/camera", {"mode": "live", "portrait": begun.person["portrait"]})
    begun.scan(2)
    begun.ends("paid")
    _one_case(begun)
