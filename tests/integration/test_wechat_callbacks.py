"""Callbacks through the whole product: what the chat tells whom, who left, what was chosen, what arrived."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from sqlalchemy import select

from runtime.inbound import SubscribeChoice
from sandbox.wechat import envelope
from sandbox.wechat.push import render
from services.core.db import transaction
from services.members.binding import binding_of_member
from services.members.models import LoginSession
from services.members.sessions import start
from services.notices.models import EarlyReceipt
from tests.support.domain.loans import lend
from tests.support.domain.world import Member, World
from wechat.followers import Followers, LeaverList

_numbers = itertools.count(1)


def openid_of(world: World, member: Member) -> str:
    with transaction(world.sessions) as session:
        binding = binding_of_member(session, member.account_id)
        assert binding is not None
        return world.cipher.open(binding.openid_sealed, "binding.openid")


def push(world: World, openid: str, app: str = "account", at_s: int = 0, **fields: str | int) -> str:
    """One sealed push; gives the text of the answer, a card as title and description, or ""."""
    config = world.product.callback_configs[app]
    when = int(world.clock.now().timestamp())
    head = {"ToUserName": config.original_id, "FromUserName": openid, "CreateTime": when + at_s}
    entries = str(fields.pop("_entries", ""))
    xml = render({**head, **fields}).replace("</xml>", f"{entries}</xml>")
    encrypted, nonce = envelope.encrypt(config.aes_key, config.appid, xml), f"n{next(_numbers)}"
    query = {"timestamp": str(when), "nonce": nonce, "encrypt_type": "aes"}
    query["msg_signature"] = envelope.sign(config.token, str(when), nonce, encrypted)
    answer = world.client().post(
        "/webhooks/wechat" + ("/mini" if app == "mini" else ""),
        query_string=query,
        data=f"<xml><Encrypt>{encrypted}</Encrypt></xml>",
        content_type="text/xml",
    )
    assert answer.status_code == 200, answer.text
    if answer.text == "success":
        return ""
    sealed = ElementTree.fromstring(answer.text).findtext("Encrypt") or ""
    reply = ElementTree.fromstring(envelope.decrypt(config.aes_key, config.appid, sealed))
    assert reply.findtext("ToUserName") == openid
    card = reply.find("Articles/item")
    shown = (
        [reply.findtext("Content")]
        if card is None
        else [card.findtext("Title"), card.findtext("Description")]
    )
    return "\n".join(text or "" for text in shown)


def say(world: World, openid: str, words: str) -> list[str]:
    answer = push(world, openid, MsgType="text", Content=words, MsgId=next(_numbers))
    return answer.split("\n")


def event(world: World, openid: str, name: str, **more: Any) -> str:
    return push(world, openid, MsgType="event", Event=name, **more)


def test_the_chat_tells_a_bound_member_their_own_figures(world: World, member: Member) -> None:
    openid = openid_of(world, member)
    told = say(world, openid, "余额")
    assert told[:2] == ["账户余额 56,000.00 元。", "每月缴存 2,000.00 元，缴到了 2026 年 10 月。"]
    assert say(world, openid, "提取")[0] == "账户里能动用的有 56,000.00 元。"
    assert say(world, openid, "进度")[0] == "您现在没有正在办理的业务。"
    assert say(world, openid, "贷款")[0] == "您名下没有在还的公积金贷款。"
    assert "现在的年利率是 1.50%。" in say(world, openid, "利息")


def test_one_case_under_way_is_a_card(world: World, member: Member) -> None:
    case = world.approved(member)
    told = say(world, openid_of(world, member), "进度")
    assert told[0].startswith("租房提取：")
    assert told[1:] == [f"3,000.00 元，单号 {case.case_no}。", "点这里看每一步走到哪。"]
    assert "另有 3,000.00 元正在付给您，还没有到账。" in say(world, openid_of(world, member), "余额")


def test_the_chat_tells_the_next_instalment(world: World, member: Member) -> None:
    lend(world, member)
    openid = openid_of(world, member)
    # 600,000.00 over 360 months from 2021-03-20: the 69th instalment falls on 2026-12-20, so 292 are left.
    assert say(world, openid, "贷款")[0].endswith("元，还有 292 期。")
    told = say(world, openid, "还款")[0]
    assert told.startswith("下次 2026 年 12 月 20 日从建设银行尾号 ")
    assert told.endswith(" 元，前一天请备好钱。")


def test_a_stranger_hears_no_figure(world: World, member: Member) -> None:
    for words in ("余额", "提取", "进度", "贷款", "还款", "利息", "证明"):
        told = "\n".join(say(world, "oStranger", words))
        assert "56,000" not in told
        assert "page=bind" in told


def _live_sessions(world: World, openid: str) -> int:
    mac = world.cipher.look_up(openid, "openid")
    statement = select(LoginSession).where(LoginSession.openid_mac == mac, LoginSession.ended_at.is_(None))
    with transaction(world.sessions) as session:
        return len(session.scalars(statement).all())


def test_who_unsubscribes_is_signed_out_and_sent_nothing_and_stays_bound(
    world: World, member: Member
) -> None:
    openid = openid_of(world, member)
    left = LeaverList(Followers(world.cipher), world.sessions)
    with transaction(world.sessions) as session:
        start(session, world.cipher, openid, "h5", world.clock.now())
    assert _live_sessions(world, openid) > 0
    assert not left.has_left(openid)
    assert event(world, openid, "unsubscribe", EventKey="") == ""
    assert left.has_left(openid)
    assert _live_sessions(world, openid) == 0
    with transaction(world.sessions) as session:
        assert binding_of_member(session, member.account_id) is not None
    event(world, openid, "TEMPLATESENDJOBFINISH", MsgID=next(_numbers), Status="failed:user block")
    assert left.has_left(openid)
    assert event(world, openid, "subscribe", EventKey="qrscene_window3", at_s=5) != ""
    assert not left.has_left(openid)
    event(world, openid, "unsubscribe", EventKey="", at_s=2)
    assert not left.has_left(openid), "an older event came later"


def test_who_writes_follows(world: World, member: Member) -> None:
    openid = openid_of(world, member)
    left = LeaverList(Followers(world.cipher), world.sessions)
    event(world, openid, "unsubscribe", EventKey="")
    world.clock.move(timedelta(seconds=10))
    say(world, openid, "你好")
    assert not left.has_left(openid)


class Listener:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.followed: list[bool] = []
        self.chose: list[tuple[str, str, bool, bool]] = []

    def on_follow(self, session: object, openid: str, follows: bool, at: object) -> None:
        self.followed.append(follows)

    def on_subscribe_choice(self, session: object, openid: str, choice: SubscribeChoice) -> None:
        self.chose.append((choice.app, choice.template_id, choice.accepted, choice.in_settings))


@pytest.fixture
def listener(world: World) -> Iterator[Listener]:
    heard, inbound = Listener(), world.product.inbound
    kept, inbound._listeners = inbound._listeners, [heard]
    yield heard
    inbound._listeners = kept


def _entry(template_id: str, word: str, **more: str) -> str:
    fields = {"TemplateId": template_id, "SubscribeStatusString": word, **more}
    return "<List>" + "".join(f"<{k}><![CDATA[{v}]]></{k}>" for k, v in fields.items()) + "</List>"


def test_choices_come_one_or_many(world: World, listener: Listener) -> None:
    one = f"<SubscribeMsgPopupEvent>{_entry('t1', 'accept', PopupScene='1')}</SubscribeMsgPopupEvent>"
    many = (
        f"<SubscribeMsgPopupEvent>{_entry('t1', 'reject')}{_entry('t2', 'accept')}</SubscribeMsgPopupEvent>"
    )
    event(world, "oA", "subscribe_msg_popup_event", _entries=one)
    event(world, "oA", "subscribe_msg_popup_event", _entries=many)
    event(world, "oA", "subscribe_msg_popup_event", _entries=many)
    change = f"<SubscribeMsgChangeEvent>{_entry('t2', 'reject')}</SubscribeMsgChangeEvent>"
    event(world, "oA", "subscribe_msg_change_event", _entries=change)
    push(
        world,
        "oB",
        "mini",
        MsgType="event",
        Event="subscribe_msg_popup_event",
        _entries=_entry("m1", "accept"),
    )
    assert listener.chose == [
        ("account", "t1", True, False),
        ("account", "t1", False, False),
        ("account", "t2", True, False),
        ("account", "t2", False, True),
        ("mini", "m1", True, False),
    ]


def test_followers_are_told_once(world: World, listener: Listener) -> None:
    for _ in range(3):
        event(world, "oC", "subscribe", EventKey="")
    event(world, "oC", "unsubscribe", EventKey="", at_s=1)
    assert listener.followed == [True, False]


def test_fates_of_messages_reach_the_notices(world: World) -> None:
    def sent(number: str, code: str) -> str:
        told = {"TemplateId": "t1", "MsgID": number, "ErrorCode": code, "ErrorStatus": "said"}
        fields = "".join(f"<{k}><![CDATA[{v}]]></{k}>" for k, v in told.items())
        return f"<SubscribeMsgSentEvent><List>{fields}</List></SubscribeMsgSentEvent>"

    event(world, "oD", "TEMPLATESENDJOBFINISH", MsgID=90_000_000_000_000_001, Status="success")
    event(world, "oD", "TEMPLATESENDJOBFINISH", MsgID=90_000_000_000_000_002, Status="failed:user block")
    event(world, "oD", "subscribe_msg_sent_event", _entries=sent("90000000000000003", "0"))
    event(world, "oD", "subscribe_msg_sent_event", at_s=1, _entries=sent("90000000000000004", "43101"))
    with transaction(world.sessions) as session:
        rows = session.scalars(
            select(EarlyReceipt).where(EarlyReceipt.provider_ref.like("9000000000000000_"))
        )
        fates = {row.provider_ref[-1]: (row.delivered, row.fault) for row in rows}
    assert fates == {
        "1": (True, None),
        "2": (False, "failed:user block"),
        "3": (True, None),
        "4": (False, "43101 said"),
    }


@pytest.mark.parametrize("number", ["9" * 121, "号", "9 0", " "])
def test_a_number_that_no_row_can_hold_is_passed_over(world: World, number: str) -> None:
    """A fault would make WeChat push it again and again."""
    for name in ("TEMPLATESENDJOBFINISH", "subscribe_msg_sent_event"):
        assert event(world, "oD", name, MsgID=number, Status="success", ErrorCode="0") == ""


@pytest.mark.parametrize("name", ["VIEW", "LOCATION", "view_miniprogram", "something_new"])
def test_other_events_are_answered_with_silence(world: World, name: str) -> None:
    assert event(world, "oE", name, EventKey="x", Latitude="27.8") == ""


def test_domain_files_and_nothing_else(world: World) -> None:
    folder = world.product.settings.wechat_domain_path
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "MP_verify_AbCdEfGh12345678.txt").write_text("AbCdEfGh12345678")
    (folder / "secret-notes-abc.txt").write_text("no")
    client = world.client()
    found = client.get("/MP_verify_AbCdEfGh12345678.txt")
    assert (found.status_code, found.text, found.mimetype) == (200, "AbCdEfGh12345678", "text/plain")
    for path in (
        "/MP_verify_AAAAAAAAAAAAAAAA.txt",
        "/secret-notes-abc.txt",
        "/MP_verify_AbCdEfGh12345678.TXT",
    ):
        assert client.get(path).status_code == 404
