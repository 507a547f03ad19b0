"""Every message gets a useful answer; strangers get nothing personal; every page link signs in first."""

from collections.abc import Mapping
from typing import Any

import pytest

from wechat.callbacks import CallbackMessage
from wechat.conversation import answer
from wechat.inbound import Intent, intent_of_text
from wechat.replies import TEXT_BYTES, Reply, reply_to

BASE = "https://gjj.example.cn"
FACTS = {
    "balance": "账户余额 56,000.00 元。",
    "usable": "账户里能动用的有 56,000.00 元。",
    "month": "每月缴存 2,000.00 元，缴到了 2026 年 10 月。",
    "progress": "租房提取：付款中。",
    "loan": "贷款还欠本金 432,100.00 元，还有 227 期。",
    "instalment": "下次 2026 年 12 月 20 日从建设银行尾号 4321 扣 2,345.67 元，前一天请备好钱。",
}


class Told(dict[str, str]):
    """Facts of a bound person."""

    def tell(self, what: str) -> str:
        return self.get(what, "")


B, W, P, F = Intent.BALANCE, Intent.WITHDRAW, Intent.PROGRESS, Intent.PROOF
UTTERANCES: tuple[tuple[str, Intent], ...] = (
    ("余额", B),
    ("余 额？", B),
    ("我还有多少钱？", B),
    ("公积金余额查询", B),
    ("查账", B),
    ("查", B),
    ("我的账户", B),
    ("单位给我缴了吗", B),
    ("缴存基数是多少", B),
    ("我的公积金有多少", B),
    ("提取", W),
    ("提", W),
    ("怎么提取", W),
    ("公积金能取吗", W),
    ("我能提多少钱", W),
    ("租房可以取吗", W),
    ("交房租", W),
    ("买房", W),
    ("退休了怎么办", W),
    ("离职后怎么把钱取出来", W),
    ("装电梯", W),
    ("还贷提取", W),
    ("异地买房能提吗", W),
    ("提取进度", P),
    ("进度", P),
    ("钱怎么还没到账", P),
    ("到帐了吗", P),
    ("要多久", P),
    ("审核要几天", P),
    ("为什么被退回", P),
    ("证明", F),
    ("余额证明", F),
    ("开缴存证明", F),
    ("贷款结清证明", F),
    ("打印流水", F),
    ("年度对账单", F),
    ("账户明细", F),
    ("人工", Intent.STAFF),
    ("转人工！！", Intent.STAFF),
    ("我要投诉", Intent.STAFF),
    ("你们电话多少", Intent.STAFF),
    ("12329", Intent.STAFF),
    ("１２３２９", Intent.STAFF),
    ("贷款", Intent.LOAN),
    ("我想贷款买房", Intent.LOAN),
    ("房贷能贷多少", Intent.LOAN),
    ("还款", Intent.REPAY),
    ("这个月月供扣了吗", Intent.REPAY),
    ("提前还清", Intent.REPAY),
    ("贷款每月还多少", Intent.REPAY),
    ("逾期了怎么办", Intent.REPAY),
    ("冲还贷", Intent.REPAY),
    ("利息", Intent.INTEREST),
    ("贷款利率是多少", Intent.INTEREST),
    ("什么时候结息", Intent.INTEREST),
    ("网点", Intent.BRANCHES),
    ("周末上班吗", Intent.BRANCHES),
    ("公积金中心在哪里", Intent.BRANCHES),
    ("绑定", Intent.BIND),
    ("怎么注册", Intent.BIND),
    ("解绑", Intent.UNBIND),
    ("我要解除绑定", Intent.UNBIND),
    ("换个微信可以吗", Intent.UNBIND),
    ("转移", Intent.TRANSFER),
    ("长沙的公积金怎么转过来", Intent.TRANSFER),
    ("换银行卡", Intent.CARD),
    ("换手机号", Intent.PROFILE),
    ("你好", Intent.GREETING),
    ("Hi", Intent.GREETING),
    ("谢谢！", Intent.THANKS),
    ("好的", Intent.THANKS),
    ("今天天气", Intent.OTHER),
    ("", Intent.OTHER),
    ("？？？", Intent.OTHER),
    ("<!DOCTYPE x>{balance}", Intent.OTHER),
)


@pytest.mark.parametrize(("said", "intent"), UTTERANCES)
def test_what_people_write(said: str, intent: Intent) -> None:
    assert intent_of_text(said) is intent


def _message(kind: str, event: str = "", **fields: str) -> CallbackMessage:
    head: Mapping[str, str] = {"ToUserName": "gh_1", **fields}
    return CallbackMessage("oA", kind, event, head, 1_790_000_000, "n1", "s", "e")


def _answer(message: CallbackMessage, facts: Told | None = None) -> Reply | None:
    return answer(message, lambda openid: facts, BASE)


@pytest.mark.parametrize("intent", [intent for intent in Intent if intent is not Intent.SILENT])
@pytest.mark.parametrize("facts", [None, Told(), Told(FACTS)], ids=["stranger", "no facts", "facts"])
def test_everyone_is_answered(intent: Intent, facts: Told | None) -> None:
    reply = reply_to(intent, facts, BASE)
    assert reply is not None
    assert reply.text
    assert "{" not in reply.text
    assert len(reply.text.encode()) <= TEXT_BYTES


@pytest.mark.parametrize("intent", list(Intent))
def test_a_stranger_is_told_no_fact(intent: Intent) -> None:
    reply = reply_to(intent, None, BASE)
    assert reply is None or not any(fact in repr(reply) for fact in FACTS.values())


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("余额", FACTS["balance"]),
        ("提取", FACTS["usable"]),
        ("进度", FACTS["progress"]),
        ("贷款", FACTS["loan"]),
        ("还款", FACTS["instalment"]),
    ],
)
def test_the_fact_comes_first(said: str, first: str) -> None:
    reply = _answer(_message("text", Content=said), Told(FACTS))
    assert reply is not None
    assert reply.text.split("\n")[0] == first


def test_links_sign_in_first() -> None:
    reply = _answer(_message("text", Content="进度"), Told(FACTS))
    assert reply is not None
    assert f'<a href="{BASE}/api/v1/auth/wechat/start?page=applications">我的办理</a>' in reply.text


def test_a_line_without_its_fact_is_left_out() -> None:
    reply = _answer(_message("text", Content="余额"), Told(balance="账户余额 1.00 元。"))
    assert reply is not None
    assert [line[:4] for line in reply.text.split("\n")] == ["账户余额", "看每一笔"]


def test_one_case_is_a_card() -> None:
    facts = Told(FACTS, case="租房提取：付款中", case_more="3,000.00 元，单号 012611220000001。")
    reply = _answer(_message("text", Content="进度"), facts)
    assert reply is not None
    assert reply.card is not None
    assert (reply.card.title, reply.card.text.split("\n")[0]) == (facts["case"], facts["case_more"])
    assert reply.card.url == f"{BASE}/api/v1/auth/wechat/start?page=applications"
    assert _answer(_message("text", Content="进度"), Told(FACTS)).card is None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (_message("voice", Recognition="余额。"), "账户余额"),
        (_message("voice"), "没有听清"),
        (_message("image", PicUrl="http://x"), "图片我看不了"),
        (_message("video"), "图片我看不了"),
        (_message("location", Label="某某路"), "不保存"),
        (_message("link", Title="x"), "没有看懂"),
        (_message("file"), "没有看懂"),
        (_message("event", "CLICK", EventKey="STAFF"), "12329"),
        (_message("event", "CLICK", EventKey="HELP"), "您可以说"),
        (_message("event", "CLICK", EventKey="old button"), "您可以说"),
        (_message("event", "subscribe", EventKey="qrscene_5"), "欢迎"),
        (_message("event", "SCAN", EventKey="5"), "欢迎"),
    ],
)
def test_other_kinds(message: CallbackMessage, words: str) -> None:
    reply = _answer(message, Told(FACTS))
    assert reply is not None
    assert words in reply.text


SILENT = (
    "unsubscribe",
    "VIEW",
    "view_miniprogram",
    "LOCATION",
    "TEMPLATESENDJOBFINISH",
    "subscribe_msg_popup_event",
    "subscribe_msg_change_event",
    "subscribe_msg_sent_event",
    "something_new",
)


@pytest.mark.parametrize("event", SILENT)
def test_events_without_a_reader_are_silent(event: str) -> None:
    def nobody(openid: str) -> Any:
        raise AssertionError("no fact is read for an event without a reader")

    assert answer(_message("event", event), nobody, BASE) is None
