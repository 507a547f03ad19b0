"""Relatives 帮家人办: inviting by a code, accepting it, looking, and ending it. Nothing here moves money.

Every transaction here sees two members: each query names the one who asks, and whose link it is.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, g
from sqlalchemy.orm import Session

from app.http.auth import member_only
from app.http.rate_limit import Limit, hit
from app.member_api.control_schemas import AcceptIn, HelpedCasesOut, RelativeIn, RelativeOut, RelativesOut
from app.member_api.reading import path_key
from app.member_api.showing import show
from app.ports import Ports, ports
from services.applications.service import applications_of
from services.core.clock import shanghai_iso
from services.core.db import transaction
from services.core.pii import mask_name
from services.core.scope import across_members
from services.members.identity import person_of
from services.relatives.models import RelativeLink

blueprint = APIBlueprint("relatives", __name__, url_prefix="/api/v1", tag="帮家人办")
INVITES = Limit("relative_invites", 10, 3600)
TRIES_HOUR, TRIES_DAY = Limit("relative_codes", 10, 3600), Limit("relative_codes", 20, 86_400)
LOOKS = Limit("relative_looks", 60, 3600)
_CASES, _NOTICES = 10, 10


@blueprint.get("/relatives")
@blueprint.output(RelativesOut)
@blueprint.doc(summary="谁能看我的、我能看谁的进度")
@member_only
def look() -> Any:
    """Both sides."""
    own = ports()
    with across_members(), transaction(own.sessions) as session:
        return _both(session, own, g.account_id)


@blueprint.post("/relatives")
@blueprint.input(RelativeIn, arg_name="body")
@blueprint.output(RelativeOut, status_code=201)
@blueprint.doc(
    summary="请家人帮着看",
    description="给出 8 位邀请码，只显示这一次，10 分钟内由家人在他自己的手机上填。家人只能看进度和通知标题，看不到金额和银行卡，也办不了任何事。",
)
@member_only
def invite(body: RelativeIn) -> Any:
    """An invitation with its code."""
    own = ports()
    hit(INVITES, str(g.account_id))
    with across_members(), transaction(own.sessions) as session:
        link, code = own.relatives.invite(session, g.account_id, body.label)
        return {**_mine(session, own, link), "code": code}


@blueprint.post("/relatives/accept")
@blueprint.input(AcceptIn, arg_name="body")
@blueprint.output(RelativesOut, status_code=201)
@blueprint.doc(summary="填家人的邀请码", description="要自己先绑定。填错有次数限制。")
@member_only
def accept(body: AcceptIn) -> Any:
    """Use a code."""
    own = ports()
    for limit in (TRIES_HOUR, TRIES_DAY):
        hit(limit, str(g.account_id))
    with across_members(), transaction(own.sessions) as session:
        own.relatives.accept(session, g.account_id, body.code)
        return _both(session, own, g.account_id)


@blueprint.delete("/relatives/<uuid:link_id>")  # a word there, as `accept`, is no link: nothing of it can be deleted
@blueprint.doc(summary="取消", responses={204: "已取消"})
@member_only
def end(link_id: UUID) -> Response:
    """End it at once, by either side."""
    own = ports()
    with across_members(), transaction(own.sessions) as session:
        own.relatives.end(session, g.account_id, link_id)
    return Response(status=204)


@blueprint.get("/relatives/<link_id>/cases")
@blueprint.output(HelpedCasesOut)
@blueprint.doc(
    summary="家人的办理进度", description="每看一次都记进家人的“谁看过我的信息”。没有金额、银行卡和单号。"
)
@member_only
def cases(link_id: str) -> Any:
    """How a relative's cases stand."""
    own = ports()
    hit(LOOKS, str(g.account_id))
    with across_members(), transaction(own.sessions) as session:
        account_id = own.relatives.look(session, g.account_id, path_key(link_id))
        shown = [show(session, own, one) for one in applications_of(session, account_id, limit=_CASES)]
        notices = own.notices.notices_of(session, account_id, limit=_NOTICES).notices
        name = mask_name(person_of(session, own.cipher, account_id).name)
    return {
        "name_masked": name,
        "cases": [_case(one) for one in shown],
        "notices": _told(notices),
    }


def _both(session: Session, own: Ports, account_id: UUID) -> dict[str, Any]:
    relatives = own.relatives
    return {
        "mine": [_mine(session, own, link) for link in relatives.mine(session, account_id)],
        "helped": [_helped(session, own, link) for link in relatives.helped(session, account_id)],
        "most": relatives.most(session),
    }


def _case(shown: dict[str, Any]) -> dict[str, Any]:
    kept = {name: shown[name] for name in ("item_name", "state", "state_text", "created_at")}
    steps = [{name: step[name] for name in ("label", "actor", "at", "state")} for step in shown["steps"]]
    said = [step | {"actor": "本人"} if step["actor"] == "您" else step for step in steps]
    return {**kept, "steps": said}


def _told(notices: list[dict[str, Any]]) -> list[dict[str, str]]:
    """What the member was told; by SMS and by WeChat is told once."""
    seen = {(one["title"], shanghai_iso(one["created_at"])[:16]): one for one in reversed(notices)}
    return [{"title": one["title"], "at": shanghai_iso(one["created_at"])} for one in reversed(seen.values())]


def _mine(session: Session, own: Ports, link: RelativeLink) -> dict[str, Any]:
    accepted = link.accepted_at is not None
    return {
        "link_id": str(link.link_id),
        "label": link.label,
        "state": "accepted" if accepted else "invited",
        "name_masked": _name(session, own, link.relative_id) if link.relative_id else None,
        "invited_at": shanghai_iso(link.invited_at),
        "accepted_at": shanghai_iso(link.accepted_at) if link.accepted_at else None,
        "code": None,
        "code_until": None if accepted else shanghai_iso(link.code_until),
    }


def _helped(session: Session, own: Ports, link: RelativeLink) -> dict[str, Any]:
    assert link.accepted_at is not None
    return {
        "link_id": str(link.link_id),
        "name_masked": _name(session, own, link.account_id),
        "since": shanghai_iso(link.accepted_at),
    }


def _name(session: Session, own: Ports, account_id: UUID) -> str:
    return mask_name(person_of(session, own.cipher, account_id).name)
