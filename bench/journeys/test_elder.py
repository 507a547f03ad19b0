"""Elder mode: switched on before anything else, and the main journey walked in it."""

from __future__ import annotations

_LETTERS = """() => Math.min(...[...document.querySelectorAll('.a-shell *')]
  .filter((one) => one.checkVisibility() && [...one.childNodes].some((part) => part.nodeType === 3 && part.data.trim())
    && !one.closest('.a-sr'))
  .map((one) => parseFloat(getComputedStyle(one).fontSize)))"""
SMALLEST_PX, TARGET_PX = 18, 60


def _large(phone, *targets: str) -> None:
    """Letters and targets of the page that is open."""
    smallest = phone.page.evaluate(_LETTERS)
    assert smallest >= SMALLEST_PX, f"{smallest} px on {phone.place()}"
    for target in targets:
        box = phone.at(target).bounding_box()
        assert box["height"] >= TARGET_PX, (target, box)


def test_the_main_journey_in_large_letters(handset, somebody, sandbox):
    phone = handset(somebody(name="李𬭎"))
    phone.open()
    phone.see("bind-name")
    phone.tap("elder")
    _large(phone, "send-code")
    phone.bind()
    _large(phone, "item-rent-withdrawal")
    phone.shot("elder-home")
    phone.begin("rent-withdrawal")
    phone.fill("field-amount_fen", "3000")
    _large(phone, "next")
    phone.shot("elder-item")
    phone.double_tap("next")
    phone.see("check")
    _large(phone, "submit")
    phone.shot("elder-check")
    phone.double_tap("submit")
    phone.see("face-consent")
    _large(phone, "face-agree", "face-other-way")
    phone.shot("elder-consent")
    phone.double_tap("face-agree")
    phone.see("face-start")
    _large(phone, "face-start")
    phone.shot("elder-face")
    phone.scan()
    phone.ends("paid")
    _large(phone, "finish")
    phone.shot("elder-receipt")
    assert len(sandbox.payments(phone.case_no())["payments"]) == 1
    phone.page.reload()
    phone.ends("paid")
    _large(phone, "finish")  # the choice outlives a reload
