"""The page in its time: left open across a deployment, and set up as its member wants it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route

OLD = "./assets/index-older.js"


@pytest.fixture
def entered(handset, somebody):
    """A member on their home page."""
    phone = handset(somebody())
    phone.enter()
    return phone


def test_a_page_older_than_the_server_opens_anew_once(handset, somebody):
    phone = handset(somebody())
    opened, gone = [], []
    phone.page.on("request", lambda asked: opened.append(asked.url) if asked.is_navigation_request() else None)

    def missing(route: Route) -> None:
        """Until the page is opened anew, its second script is no longer there."""
        if len(opened) > before:
            return route.continue_()
        gone.append(route.request.url)
        return route.fulfill(status=404, body="gone")

    before = 99
    phone.page.route(re.compile(r"/m/assets/pages\."), missing)
    phone.enter()
    phone.page.wait_for_timeout(3000)
    before = len(opened)
    phone.page.evaluate(f"document.querySelector('script[type=module][src]').setAttribute('src', '{OLD}')")
    phone.tap("item-rent-withdrawal")
    phone.at("consent-agree").wait_for(timeout=30_000)
    assert (phone.place(), len(opened), bool(gone)) == ("item", before + 1, True)
    phone.faults.clear()  # the script that did not come is told in the console


def test_wechat_is_asked_by_its_own_tag(entered, sandbox):
    entered.page.goto(f"{entered.web}/m/#/pages/notices/notices")
    entered.tap("wechat-ask")
    entered.page.get_by_role("button", name="拒绝").click()
    assert "短信照常发" in entered.see("wechat-said")
    entered.tap("wechat-ask")
    entered.page.get_by_role("button", name="允许").click()
    entered.wait_until(lambda: "会告诉您" in entered.see("wechat-said"), "WeChat's yes was not heard")
    left = sandbox.get(f"/control/phones/{entered.key}/service")["consents"]["account"]
    assert left["tpl-settlement-paid"]["left"] == 1


def test_dark_by_hand_and_out_again(entered):
    entered.tap("nav-settings")
    entered.see("theme-dark")
    ground = "getComputedStyle(document.querySelector('.a-shell')).backgroundColor"
    assert entered.page.evaluate(ground) == "rgb(244, 247, 246)"
    entered.tap("theme-dark")
    entered.page.reload()
    entered.see("theme-dark")
    assert entered.page.evaluate(ground) == "rgb(15, 21, 20)"
    entered.tap("leave")
    entered.double_tap("leave-yes")
    entered.see("left-page")
    assert [one for one in entered.context.cookies() if "access" in one["name"] and one["value"]] == []
    entered.tap("again")
    entered.see("balance-card")
