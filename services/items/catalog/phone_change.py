"""手机号变更 change of phone number: a code shows that the new number is at hand, both numbers are told, money waits."""

from __future__ import annotations

from typing import Any

from services.items.declaration import Basis, ChangePhone, Example, Form, Item, Refusal, Verification
from services.items.example_facts import plain_facts
from services.items.facts import Fact, PhoneFacts
from services.items.fields import NewPhone
from services.policies.rules import Policy

_ARTICLE = "《住房公积金个人信息变更》：职工本人可以变更登记的手机号"
_RECORD = "公积金中心登记"


class PhoneForm(Form):
    """The new number, with the code that came to it."""

    new_phone: NewPhone


def another_number(facts: Any, form: PhoneForm, policy: Policy) -> Refusal | None:
    """新号码和现在登记的不是同一个."""
    if facts.phone is None or not facts.phone.same:
        return None
    return Refusal(
        code="phone.same",
        rule="新号码和现在登记的不是同一个",
        article=_ARTICLE,
        fact=f"现在登记的就是尾号 {facts.phone.tail4} 的号码",
        source=_RECORD,
        change="请填另一个手机号；不想换就不用办",
        text=f"现在登记的就是尾号 {facts.phone.tail4} 的号码，不用换。",
    )


def no_money_under_way(facts: Any, form: PhoneForm, policy: Policy) -> Refusal | None:
    """有提取没办完时不换手机号：到账通知要发到提交时的号码."""
    if facts.phone is None or not facts.phone.money_under_way:
        return None
    return Refusal(
        code="phone.money_under_way",
        rule="有提取没办完时不换手机号",
        article="《住房公积金综合服务平台建设导则》（建金〔2016〕14号）：同一时间只办一项变更",
        fact="您有一笔提取还没有办完",
        source="办理记录",
        change="那一笔到账、退回或撤销后就可以换",
        text="您有一笔提取还没有办完。等它到账、退回，或者您撤销它以后，就可以换手机号。",
    )


_NOW = PhoneFacts("0001", same=False, money_under_way=False)
_ASKED = (Fact.ACCOUNT, Fact.PHONE)
_FORM = {
    "new_phone": {
        "phone": "13900000002",
        "challenge_id": "019342a0-0000-7000-8000-000000000002",
        "code": "000000",
    }
}

ITEM = Item(
    code="phone-change",
    name_zh="手机号变更",
    standard_code="AC_INFO",
    kind="change",
    group="profile",
    module="41",
    summary="换一个收短信的手机号",
    legal_basis=(
        Basis("住房公积金个人信息变更", "手机号", "职工换了手机号，本人可以在线变更，新号码用短信验证码核对"),
    ),
    form=PhoneForm,
    needs=frozenset(_ASKED),
    eligibility=(no_money_under_way, another_number),
    effect=ChangePhone(),
    verification=Verification.FACE,
    sources=(),
    allowed_text="新号码要先收一个验证码。换好以后新旧两个号码都会收到短信；为了资金安全，24 小时以后才能提取。",
    sla_text="刷脸通过后马上换好，24 小时以后可以提取",
    private_fields=frozenset({"new_phone"}),
    order=91,
    examples=(
        Example("换成另一个号码", _FORM, plain_facts(*_ASKED, phone=_NOW), True),
        Example(
            "还是现在的号码",
            _FORM,
            plain_facts(*_ASKED, phone=PhoneFacts("0002", same=True, money_under_way=False)),
            False,
            refusal="phone.same",
        ),
        Example(
            "有一笔提取还没到账",
            _FORM,
            plain_facts(*_ASKED, phone=PhoneFacts("0001", same=False, money_under_way=True)),
            False,
            refusal="phone.money_under_way",
        ),
    ),
)
