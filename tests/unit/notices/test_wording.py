"""Words of notices: versions, lengths, links, what must be named; the words that are shipped."""

from __future__ import annotations

import tomllib

import pytest

from config.settings import ROOT, SANDBOX
from runtime.notice_words import faults
from services.notices.wording import (
    LONGEST,
    filled_sms,
    fills_of,
    lint,
    of_version,
    parts,
    read_wordings,
    wordings,
)
from wechat.template_lint import lint_templates

SANDBOX_SMS = ROOT / "sandbox" / "sms" / "templates.toml"
SIGN = SANDBOX["sms"]["sign_name"]


def linted(sms: str, topic: str = "certificate", more: str = 'no_wechat = "x"') -> list[str]:
    """What the linter says to one SMS."""
    made = read_wordings(f'[t.v1]\ntitle = "t"\nsms = "{sms}"\n{more}\n')
    return list(lint(made["t"][0], topic, SIGN))


def test_what_is_shipped_has_no_fault() -> None:
    assert faults(SIGN) == []


def test_the_sandbox_has_approved_the_words_we_show() -> None:
    """The gateway fills in its own text; it must be the one the member's list shows as sent."""
    approved = {t["name"]: t["text"] for t in tomllib.loads(SANDBOX_SMS.read_text("utf-8")).values()}
    for name, versions in wordings().items():
        own = versions[-1]
        if own.sms:
            numbered = own.sms
            for number, fill in enumerate(own.parameters, 1):
                numbered = numbered.replace(f"{{{fill}}}", f"{{{number}}}")
            assert approved[name] == numbered, name


@pytest.mark.parametrize(
    ("sms", "fault"),
    [
        ("{name}已开好。咨询12329", None),
        ("{name}已开好，见 https://a.b。咨询12329", "a link in an SMS"),
        ("{name}已开好，见 anju.gov.cn。咨询12329", "a link in an SMS"),
        ("{name}已开好。", "the SMS does not end with 12329"),
        ("{colour}已开好。咨询12329", "no longest value known for colour"),
        ("字" * 56 + "咨询12329", None),
        ("字" * 57 + "咨询12329", "SMS of 71 characters, more than 70"),
    ],
)
def test_the_linter_says_what_is_wrong(sms: str, fault: str | None) -> None:
    assert linted(sms) == ([] if fault is None else [fault])


def test_a_missing_channel_needs_a_reason() -> None:
    assert linted("好。咨询12329", more="") == ["no wechat words, and no_wechat does not say why"]


@pytest.mark.parametrize(
    ("sms", "wrong"),
    [
        ("{date}{amount}元转入尾号{card4}。咨询12329", 0),
        ("{amount}元转入尾号{card4}。咨询12329", 1),
        ("{date}{amount}元到账。咨询12329", 1),
        ("到账了。咨询12329", 2),
    ],
)
def test_money_names_amount_date_and_where(sms: str, wrong: int) -> None:
    assert len(linted(sms, "settlement")) == wrong


def test_versions_run_without_gap_and_keep_their_words() -> None:
    old = '[t.v1]\ntitle = "a"\ntext = "旧{name}"\n'
    made = read_wordings(old + '[t.v2]\ntitle = "b"\ntext = "新{name}"\n')["t"]
    assert [(one.version, one.title, one.text) for one in made] == [
        (1, "a", "旧{name}"),
        (2, "b", "新{name}"),
    ]
    with pytest.raises(ValueError, match="versions must run"):
        read_wordings(old + '[t.v3]\ntitle = "b"\n')
    assert of_version("settlement_paid", 1) is not None
    assert of_version("settlement_paid", 99) is None


@pytest.mark.parametrize(("length", "charged"), [(1, 1), (70, 1), (71, 2), (134, 2), (135, 3)])
def test_long_texts_are_charged_in_parts_of_67(length: int, charged: int) -> None:
    assert parts(length) == charged


def test_every_sms_shows_the_signature_and_all_its_fills() -> None:
    for name, versions in wordings().items():
        if versions[-1].sms:
            text = filled_sms(versions[-1], LONGEST, SIGN)
            assert text.startswith(f"【{SIGN}】"), name
            assert not fills_of(text), name


def test_wechat_fields_are_checked_with_the_longest_values() -> None:
    long = {**LONGEST, "bank": "一家名字特别特别长的银行股份有限公司"}
    assert list(lint_templates(LONGEST, {"card_changed": "security"})) == []
    (fault,) = lint_templates(long, {"card_changed": "security"})
    assert fault.startswith("card_changed.thing1: WeChat refuses")
    assert list(lint_templates(LONGEST, {"unheard": "security"})) == ["unheard: no WeChat fields"]
