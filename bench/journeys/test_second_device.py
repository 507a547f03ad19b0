"""A second phone: the same WeChat on it binds it anew; another WeChat is refused politely, and the first is told."""

from __future__ import annotations

from bench.journeys.sessions import a_minute_later


def _openid(sandbox, person) -> str:
    return sandbox.members()[person["key"]]["openid"]


def test_the_same_wechat_on_a_new_phone(handset, somebody, sandbox, product):
    someone = somebody()
    first = handset(someone)
    first.enter()
    first.begin("rent-withdrawal")
    first.fill("field-amount_fen", "2000")  # at once even on a new phone, behind an address that many share
    first.hand_in()
    first.see("face-consent")

    second = handset(someone, new=False)
    second.open()
    second.see("balance-card")  # WeChat says who it is
    second.tap_case()
    second.see("go-on")
    second.double_tap("go-on")
    second.double_tap("face-agree")
    second.double_tap("face-start")
    second.see("no-key")
    second.shot("no-key")
    assert "接着办" in second.body()
    second.double_tap("bind-again")
    a_minute_later(product, someone["phone"], _openid(sandbox, someone))
    second.bind()
    second.tap_case()
    second.double_tap("go-on")
    second.pass_face()
    second.ends("paid")
    assert len(sandbox.payments(second.case_no())["payments"]) == 1

    first.page.reload()  # the old phone sees what became of it
    first.ends("paid")
    assert len(first.cases_of("rent-withdrawal")) == 1


def test_the_old_phone_is_told_that_another_one_took_its_place(handset, somebody, sandbox, product):
    someone = somebody()
    first = handset(someone)
    first.enter()
    first.begin("rent-withdrawal")
    first.fill("field-amount_fen", "3000")
    first.hand_in()
    second = handset(someone, new=False)
    second.open("bind")
    a_minute_later(product, someone["phone"], _openid(sandbox, someone))
    second.bind()
    first.see("face-consent")
    first.double_tap("face-agree")
    first.double_tap("face-start")
    first.see("no-key")
    first.shot("old-phone")
    assert first.place() == "face"


def test_another_wechat_is_refused_and_the_first_is_told(handset, somebody, sandbox, product):
    someone = somebody()
    first = handset(someone)
    first.enter()
    other = someone | {"key": f"{someone['key']}0"}
    sandbox.post("/control/members", {**other, "import": False})
    sandbox.post(f"/control/members/{other['key']}/follow")
    second = handset(other, new=False)
    second.open()
    for field in ("name", "id_no", "phone"):
        second.fill(f"bind-{field.replace('_', '-')}", str(someone[field]))
    a_minute_later(product, someone["phone"])
    before = len(sandbox.sms(someone["key"]))
    second.double_tap("send-code")
    second.see("bind-code")
    code = second.wait_until(lambda: [m for m in sandbox.sms(someone["key"])[before:] if m.get("template") == "sms_code"], "no code", 90)
    second.fill("bind-code", code[-1]["params"][0])
    second.double_tap("bind-submit")
    trouble = second.see("trouble")
    second.shot("bound-elsewhere")
    assert "已经绑定了另一个微信" in trouble
    assert "12329" in trouble
    assert second.place() == "bind"
    first.page.reload()
    first.see("balance-card")
    assert len(first.told("sms_code")) == 2
    assert first.api("/session")["bound"] is True
