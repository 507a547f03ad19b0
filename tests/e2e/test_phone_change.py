"""Another phone number, in a real browser: a code to the second SIM, the face, and a message on each number."""

from __future__ import annotations

import re
import time

from tests.support.people import person


def _code_on(phone, number: str) -> str:
    """The code that came to a number."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        codes = [
            m["params"][1]
            for m in phone.sandbox.sms(phone.key)
            if (m["phone"], m["template"]) == (number, "operation_code")
        ]
        if codes:
            return str(codes[-1])
        time.sleep(0.1)
    raise TimeoutError("no code came to the new number")


def test_the_number_is_changed_and_both_are_told(handset, tmp_path):
    someone = person(7_801)
    old, new = someone["phone"], f"199{someone['phone'][3:]}"
    phone = handset(someone)
    phone.open()
    phone.bind(someone)
    phone.at("item-phone-change").click()
    phone.at("send-new_phone").wait_for()
    phone.page.screenshot(path=tmp_path / "1-empty.png", full_page=True)
    phone.at("field-new_phone").fill(old)
    phone.at("send-new_phone").click()
    phone.page.get_by_text("这就是现在登记的手机号").wait_for()
    phone.at("next").click()  # nothing is handed in without a code
    phone.page.screenshot(path=tmp_path / "2-own-number.png", full_page=True)
    phone.at("field-new_phone").fill(f"{new[:3]} {new[3:7]} {new[7:]}")
    phone.at("send-new_phone").click()
    phone.at("code-new_phone").wait_for()
    assert f"{new[:3]}****{new[-4:]}" in phone.at("told-new_phone").inner_text()
    assert re.fullmatch(r"[0-9]{2} 秒后可以再发", phone.at("send-new_phone").inner_text().strip())
    phone.at("code-new_phone").fill(_code_on(phone, new))
    phone.page.screenshot(path=tmp_path / "3-code.png", full_page=True)
    phone.at("next").click()
    phone.at("check").wait_for()
    assert f"{new[:3]} {new[3:7]} {new[7:]}" in phone.at("check").inner_text()
    phone.page.screenshot(path=tmp_path / "4-check.png", full_page=True)
    phone.at("submit").click()
    phone.pass_face()
    phone.page.locator('[data-testid="outcome"][data-state="completed"]').wait_for(timeout=60_000)
    phone.page.screenshot(path=tmp_path / "5-done.png", full_page=True)
    phone.sms("phone_left")
    phone.sms("phone_changed")
    told = [(m["template"], m["phone"]) for m in phone.sandbox.sms(phone.key) if "phone" in m["template"]]
    assert sorted(told) == [("phone_changed", new), ("phone_left", old)]
    assert phone.errors == []
