"""Lines that fail: before a tap, after the server did it, under the camera, while a page opens. One case, one payment."""

from __future__ import annotations

import pytest
from playwright.sync_api import Error, Route

ATTEMPTS = 3
"""How often the client sends by itself what may be sent again."""
PAGES_CAME = "performance.getEntriesByType('resource').some(one => one.name.includes('/assets/pages.') && one.duration)"
READING_MS = 1000
"""Nobody has read a sentence sooner; a second tap within a moment counts as the first."""


@pytest.fixture
def begun(handset, somebody):
    """A member before the check of their answers."""
    phone = handset(somebody())
    phone.enter()
    phone.begin("rent-withdrawal")
    phone.fill("field-amount_fen", "3000")
    phone.double_tap("next")
    phone.see("check")
    return phone


class LostReplies:
    """The server does what it is asked; the answer never comes, so many times."""

    def __init__(self, phone, address: str, times: int) -> None:
        self.left, self.statuses = times, []
        phone.page.route(address, self._handle)

    def _handle(self, route: Route) -> None:
        if route.request.method != "POST" or self.left == 0:
            return route.continue_()
        self.left -= 1
        self.statuses.append(route.fetch().status)
        return route.abort("connectionreset")


def _paid_once(phone, sandbox) -> None:
    phone.ends("paid")
    payments = sandbox.payments(phone.case_no())
    assert len(payments["payments"]) == 1
    assert payments["doubled"] == []
    assert len(phone.cases_of("rent-withdrawal")) == 1
    assert len(phone.told("settlement_paid")) == 1


def test_no_line_before_the_tap(begun):
    begun.context.set_offline(True)
    begun.double_tap("submit")
    assert "网络" in begun.see("trouble")
    assert "重复点不会重复办" in begun.see("trouble")
    begun.fits()
    begun.shot("offline-check")
    assert begun.place() == "check"
    begun.context.set_offline(False)
    begun.double_tap("submit")
    begun.see("face-consent")
    assert len(begun.cases_of("rent-withdrawal")) == 1


@pytest.mark.parametrize("lost", [1, ATTEMPTS])
def test_the_answer_to_the_application_is_lost(begun, sandbox, lost):
    line = LostReplies(begun, "**/api/v1/items/*/applications", lost)
    begun.double_tap("submit")
    if lost == ATTEMPTS:
        begun.see("trouble")
        begun.page.reload()  # even then it is the same application
        begun.see("check")
        begun.double_tap("submit")
    begun.see("face-consent")
    assert line.statuses == [201] * lost
    assert len(begun.cases_of("rent-withdrawal")) == 1


def _confirm(phone, line: LostReplies, *ends: str) -> str:
    """Scan until the confirmation was sent and its answers are lost; where that leads."""
    phone.double_tap("face-agree")
    for _ in range(3):
        phone.double_tap("face-start")
        end = phone.first_of("face-failed", *ends)
        if end != "face-failed":
            break
    assert line.statuses == [201] * ATTEMPTS
    return end


def test_the_answer_to_the_confirmation_is_lost(begun, sandbox):
    """Nothing can be read afterwards either: the page does not say what it cannot know."""
    begun.double_tap("submit")
    begun.see("face-consent")
    line = LostReplies(begun, "**/api/v1/applications/*/confirm", ATTEMPTS)
    reading = "**/api/v1/applications/*"
    begun.page.route(reading, lambda route: route.continue_() if line.left else route.abort("connectionreset"))
    assert _confirm(begun, line, "face-trouble") == "face-trouble"
    said = begun.see("face-trouble")
    assert "还不知道办成没有" in said
    assert "不会重复办" in said
    assert "钱没有动" not in begun.body()
    begun.fits()
    begun.shot("offline-confirm")
    begun.page.unroute(reading)
    begun.double_tap("face-start")
    _paid_once(begun, sandbox)


def test_a_confirmation_whose_answer_is_lost_is_looked_up(begun, sandbox):
    begun.double_tap("submit")
    begun.see("face-consent")
    line = LostReplies(begun, "**/api/v1/applications/*/confirm", ATTEMPTS)
    assert _confirm(begun, line, "face-trouble", "outcome") == "outcome"
    _paid_once(begun, sandbox)


def test_the_answers_to_consent_and_face_are_lost(begun, sandbox):
    begun.double_tap("submit")
    begun.see("face-consent")
    LostReplies(begun, "**/api/v1/consents", 1)
    begun.tap("face-agree")
    begun.page.locator("[role=alert]:visible").first.wait_for()
    begun.page.wait_for_timeout(READING_MS)
    begun.double_tap("face-agree")
    begun.see("face-start")
    LostReplies(begun, "**/api/v1/applications/*/face-sessions", 1)
    begun.tap("face-start")
    begun.see("face-trouble")
    begun.scan()
    _paid_once(begun, sandbox)


def test_the_line_goes_under_the_camera(begun, sandbox):
    begun.double_tap("submit")
    begun.see("face-consent")
    begun.double_tap("face-agree")
    begun.double_tap("face-start")
    begun.page.locator('#face-prompt[data-kind]:not([data-kind=""]):not([data-kind="neutral"])').wait_for()
    begun.context.set_offline(True)
    begun.see("face-trouble")
    begun.shot("offline-face")
    assert "网络" in begun.see("face-trouble")
    begun.context.set_offline(False)
    begun.scan()
    _paid_once(begun, sandbox)


def test_the_answer_to_the_binding_is_lost(handset, somebody):
    phone = handset(somebody())
    phone.open()
    phone.see("bind-name")
    line = LostReplies(phone, "**/api/v1/bind", 1)
    phone.bind()
    assert line.statuses == [201]
    assert phone.api("/session")["device_bound"] is True


def test_a_page_that_could_not_open_opens_when_the_line_is_back(handset, somebody):
    phone = handset(somebody())
    phone.enter()
    phone.wait_until(lambda: phone.page.evaluate(PAGES_CAME), "the pages were not fetched ahead")
    phone.context.set_offline(True)
    phone.tap("nav-cards")
    phone.see("fault")
    assert "网络" in phone.body()
    phone.shot("offline-cards")
    phone.context.set_offline(False)
    phone.see("card")  # without a tap
    phone.page.go_back()
    phone.see("balance-card")


def test_a_slow_line_shows_that_something_comes(handset, somebody):
    phone = handset(somebody())
    phone.enter()
    held: list[Route] = []
    phone.page.route("**/api/v1/items/rent-withdrawal", lambda route: held.append(route))
    phone.tap("item-rent-withdrawal")
    phone.see("waiting")
    assert phone.place() == "item"
    phone.wait_until(lambda: held, "the page did not ask")
    for route in held:
        try:
            route.continue_()
        except Error:
            continue
    phone.see("lookup-consent")


def test_an_answer_to_a_stop_is_lost(begun):
    begun.double_tap("submit")
    begun.see("face-consent")
    case = begun.cases_of("rent-withdrawal")[0]
    begun.page.goto(f"{begun.web}/m/#/pages/receipt/receipt?id={case['application_id']}")
    begun.page.reload()
    begun.tap("cancel")
    LostReplies(begun, "**/api/v1/applications/*/cancel", 1)
    begun.double_tap("cancel-yes")
    begun.ends("cancelled")
    assert begun.cases_of("rent-withdrawal")[0]["state"] == "cancelled"
