"""Every message gets a useful answer; strangers get nothing personal; every page link signs in first."""

import pytest

from wechat.inbound import Intent, intent_of_text
from wechat.replies import QUIET, ChatFacts, reply_to

BASE = "https://gjj.example.cn"
FACTS = ChatFacts(balance="您的余额是 56,000.00 元。", progress="租房提取：付款中。")


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("余额", Intent.BALANCE),
        ("我还有多少钱？", Intent.BALANCE),
        ("怎么提取", Intent.WITHDRAW),
        ("租房可以取吗", Intent.WITHDRAW),
        ("提取进度", Intent.PROGRESS),
        ("钱怎么还没到账", Intent.PROGRESS),
        ("余额证明", Intent.PROOF),
        ("转人工", Intent.STAFF),
        ("你好", Intent.GREETING),
        ("今天天气", Intent.OTHER),
        ("", Intent.OTHER),
    ],
)
def test_what_people_write(said: str, intent: Intent) -> None:
    assert intent_of_text(said) is intent


@pytest.mark.parametrize("intent", [intent for intent in Intent if intent not in QUIET])
def test_everyone_is_answered(intent: Intent) -> None:
    for facts in (None, ChatFacts(), FACTS):
        reply = reply_to(intent, facts, BASE)
        assert reply is not None
        assert "{" not in reply.text
        assert len(reply.text.encode()) <= 2048


@pytest.mark.parametrize("intent", list(Intent))
def test_strangers_hear_nothing_personal(intent: Intent) -> None:
    reply = reply_to(intent, None, BASE)
    assert reply is None or "56,000" not in reply.text


def test_facts_are_told_to_the_bound() -> None:
    balance, progress = (reply_to(intent, FACTS, BASE) for intent in (Intent.BALANCE, Intent.PROGRESS))
    assert balance is not None
    assert balance.text.startswith("您的余额是 56,000.00 元。\n")
    assert progress is not None
    assert f'<a href="{BASE}/api/v1/auth/wechat/start?page=applications">我的办理</a>' in progress.text


@pytest.mark.parametrize("intent", sorted(QUIET))
def test_events_without_a_reader_are_silent(intent: Intent) -> None:
    assert reply_to(intent, FACTS, BASE) is None
