"""Notices 通知: what was sent to me, what I want to be told, and when not to be disturbed."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import g, request
from sqlalchemy.orm import Session

from app.http.auth import member_only
from app.http.rate_limit import Limit, hit
from app.member_api.notice_schemas import (
    ConsentTapsIn,
    NoticesOut,
    QuietHours,
    ReadIn,
    SubscriptionsIn,
    SubscriptionsOut,
    UnreadOut,
)
from app.member_api.reading import key_of, small_int
from app.ports import ports
from services.core.clock import shanghai_iso
from services.core.db import transaction
from services.core.errors import Invalid
from services.notices import consents
from services.notices.quiet import Quiet, minute_text
from services.notices.reading import Page
from services.notices.topics import CHANNEL_NAMES, chosen_topics
from services.notices.wishes import Choice, choices_of, choose, quiet_of, set_quiet
from services.notices.wording import consent_templates

blueprint = APIBlueprint("notices", __name__, url_prefix="/api/v1", tag="通知")
CHANGES = Limit("notice_wishes", 60, 60)
_PAGE_MAX = 100


@blueprint.get("/notices")
@blueprint.output(NoticesOut)
@blueprint.doc(
    summary="发给我的通知",
    description="从新到旧；`topic` 只看一类，`before` 取上一页的 `next_before`，`limit` 最多 100。",
)
@member_only
def list_notices() -> Any:
    """Notices and their fate."""
    own, topic, before = ports(), request.args.get("topic"), request.args.get("before")
    limit = small_int(request.args.get("limit", "50"), _PAGE_MAX, "limit", 1)
    if topic is not None and topic not in {one.code for one in chosen_topics()}:
        raise Invalid("没有这类通知。", code="notice.topic_unknown", field="topic")
    key = key_of(before, field="before") if before is not None else None
    with transaction(own.sessions) as session:
        page = own.notices.notices_of(session, g.account_id, topic=topic, before=key, limit=limit)
        return _page_view(page, own.notices.unread(session, g.account_id))


def _page_view(page: Page, unread: int) -> dict[str, Any]:
    return {
        "notices": [
            {
                **notice,
                "created_at": shanghai_iso(notice["created_at"]),
                "sent_at": shanghai_iso(notice["sent_at"]) if notice["sent_at"] else None,
            }
            for notice in page.notices
        ],
        "next_before": str(page.next_before) if page.next_before else None,
        "unread": unread,
    }


@blueprint.post("/notices/read")
@blueprint.input(ReadIn, arg_name="body")
@blueprint.output(UnreadOut)
@blueprint.doc(summary="通知看过了")
@member_only
def mark_read(body: ReadIn) -> Any:
    """The member has seen the list."""
    own = ports()
    upto = key_of(body.upto, field="upto") if body.upto else None
    with transaction(own.sessions) as session:
        own.notices.mark_read(session, g.account_id, upto)
        return {"unread": own.notices.unread(session, g.account_id)}


@blueprint.get("/notices/subscriptions")
@blueprint.output(SubscriptionsOut)
@blueprint.doc(summary="通知订阅")
@member_only
def subscriptions() -> Any:
    """Topics, channels and quiet hours as they stand."""
    with transaction(ports().sessions) as session:
        return _centre(session)


@blueprint.put("/notices/subscriptions")
@blueprint.input(SubscriptionsIn, arg_name="body")
@blueprint.output(SubscriptionsOut)
@blueprint.doc(summary="改通知订阅", description="只写要改的；关系到钱和账户安全的通知不能关闭。")
@member_only
def change_subscriptions(body: SubscriptionsIn) -> Any:
    """Write what changes."""
    own = ports()
    hit(CHANGES, str(g.account_id))
    with transaction(own.sessions) as session:
        now = own.clock.now()
        choices = [Choice(one.topic, one.channel, one.wanted) for one in body.choices]
        choose(session, g.account_id, choices, now)
        if body.quiet is not None:
            set_quiet(session, g.account_id, _quiet(body.quiet), now)
        return _centre(session)


@blueprint.post("/notices/consents")
@blueprint.input(ConsentTapsIn, arg_name="body")
@blueprint.output(SubscriptionsOut)
@blueprint.doc(
    summary="订阅消息授权结果", description="一次同意发一条；微信自己也会通知，同一次点击只算一次。"
)
@member_only
def count_consents(body: ConsentTapsIn) -> Any:
    """Count the answers to WeChat's question."""
    own = ports()
    hit(CHANGES, str(g.account_id))
    way = "mini" if g.principal.channel == "mini" else "subscribe"
    unknown = {tap.template for tap in body.taps} - consent_templates()
    if unknown:
        raise Invalid("没有这个模板。", code="notice.template_unknown", field="template")
    with transaction(own.sessions) as session:
        for tap in body.taps:
            consents.count_tap(
                session,
                g.account_id,
                way,
                tap.template,
                accepted=tap.accepted,
                told_by="page",
                at=own.clock.now(),
            )
        return _centre(session)


def _quiet(given: QuietHours) -> Quiet:
    return Quiet(given.wanted, _minute(given.from_time), _minute(given.until_time))


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _centre(session: Session) -> dict[str, Any]:
    chosen = choices_of(session, g.account_id)
    quiet = quiet_of(session, g.account_id)
    left = consents.consents_of(session, g.account_id)
    return {
        "topics": [
            {
                "code": topic.code,
                "name": topic.name,
                "about": topic.about,
                "locked": topic.locked,
                "any_hour": topic.any_hour,
                "channels": [
                    {"channel": one, "name": CHANNEL_NAMES[one], "wanted": chosen[topic.code, one]}
                    for one in topic.order
                ],
            }
            for topic in chosen_topics()
        ],
        "quiet": {
            "wanted": quiet.wanted,
            "from_time": minute_text(quiet.from_minute),
            "until_time": minute_text(quiet.until_minute),
        },
        "consents": [
            {"way": way, "template": template, "left": count} for (way, template), count in left.items()
        ],
    }
