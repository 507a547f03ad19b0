"""Signing in 登录: WeChat OAuth with a state kept here, tokens renewed and given back."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from hmac import compare_digest
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, g, jsonify, make_response, redirect, request
from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.http.auth import clear_cookies, issue, open_to_all, refresh_claims, set_cookies, signed_in
from app.http.codes import use_code
from app.http.oauth_state import OAuthState
from app.http.rate_limit import Limit, client_address, hit
from app.member_api.auth_schemas import RefreshIn, SessionOut, Tokens
from app.member_api.wechat_state import wechat_away
from app.ports import Ports, ports
from services.core.clock import shanghai_iso
from services.core.db import transaction
from services.core.errors import DomainError, Malformed
from services.core.pii import mask_name
from services.core.scope import across_members
from services.members.binding import bindings_of, find_device
from services.members.identity import person_of
from services.members.models import Binding
from services.members.sessions import SessionEnded, end, rotate, start
from services.members.unbinding import may_end
from wechat.errors import WeChatError
from wechat.oauth import CodeRefused, SnapshotUser

blueprint = APIBlueprint("auth", __name__, url_prefix="/api/v1", tag="登录")
STATE_LIFE = timedelta(minutes=5)
STATE_COOKIE = "anju_state"
_PAGE = re.compile(r"[a-z][a-z0-9-]{0,40}")
_HOME = "home"
SIGN_IN = Limit("sign_in", 300, 60)
"""For an address: a carrier puts many phones behind one."""


class StateRefused(Malformed):
    """The state is unknown, used, too old or another browser's."""

    code, title, detail = "auth.state", "登录没有完成", "登录没有完成，请从公众号菜单重新进入。"


class CodeUsed(Malformed):
    """The WeChat code is used or too old."""

    code, title, detail = "auth.code_used", "登录没有完成", "登录没有完成，请从公众号菜单重新进入。"


class Snapshot(DomainError):
    """WeChat's preview of a page, with a made-up user."""

    code, status, title = "auth.snapshot", 403, "请使用完整服务"
    detail = "请点击微信页面下方的“使用完整服务”后再办理。"


@blueprint.get("/auth/wechat/start")
@blueprint.doc(summary="开始微信登录", responses={302: "到微信授权页"})
@open_to_all
def start_wechat() -> Response:
    """Send the browser to WeChat with a fresh state; `page` is the name of a page, never an address."""
    hit(SIGN_IN, client_address())
    page = request.args.get("page", _HOME)
    page = page if _PAGE.fullmatch(page) else _HOME
    own, state = ports(), secrets.token_hex(16)
    with transaction(own.sessions) as session:
        session.add(OAuthState(state_hash=_hash(state), page=page, created_at=own.clock.now()))
    target = own.oauth.authorize_url(f"{own.settings.public_base_url}/api/v1/auth/wechat/callback", state)
    response = make_response(redirect(target))
    name, secure = _state_cookie(own)
    response.set_cookie(name, state, max_age=300, httponly=True, samesite="Lax", secure=secure)
    return response


def _state_cookie(own: Ports) -> tuple[str, bool]:
    """Name of the cookie, and whether it is sent over HTTPS only: then no other host of the domain can have set it."""
    secure = own.settings.public_base_url.startswith("https://")
    return (f"__Host-{STATE_COOKIE}" if secure else STATE_COOKIE), secure


@blueprint.get("/auth/wechat/callback")
@blueprint.doc(summary="微信授权返回", responses={302: "到手机页面", 200: "要求 JSON 时返回令牌"})
@open_to_all
def finish_wechat() -> Response:
    """Exchange the code and begin a session; a browser goes on to the page, a client asking for JSON gets tokens."""
    own = ports()
    page = _use_state(own, request.args.get("state", ""))
    code = request.args.get("code", "")
    use_code(own, code, CodeUsed)
    try:
        openid = own.oauth.openid_for(code)
    except CodeRefused:
        raise CodeUsed from None
    except SnapshotUser:
        raise Snapshot from None
    except WeChatError:
        raise wechat_away() from None
    with across_members(), transaction(own.sessions) as session:
        tokens = issue(start(session, own.cipher, openid, "h5", own.clock.now()))
    if request.accept_mimetypes.best_match(("text/html", "application/json")) == "application/json":
        response = jsonify(tokens)
    else:
        response = make_response(redirect(f"/m/#/pages/{page}/{page}"))
    set_cookies(response, tokens)
    name, secure = _state_cookie(own)
    response.delete_cookie(name, secure=secure, httponly=True, samesite="Lax")
    return response


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _use_state(own: Ports, state: str) -> str:
    """The page of a state that this very browser was given, used once within five minutes."""
    kept = request.cookies.get(_state_cookie(own)[0], "")
    if not state or not compare_digest(state.encode(), kept.encode()):
        raise StateRefused
    statement = (
        delete(OAuthState)
        .where(OAuthState.state_hash == _hash(state))
        .returning(OAuthState.page, OAuthState.created_at)
    )
    with transaction(own.sessions) as session:
        row = session.execute(statement).first()
    if row is None or own.clock.now() - row.created_at > STATE_LIFE:
        raise StateRefused
    return str(row.page)


@blueprint.post("/auth/refresh")
@blueprint.input(RefreshIn, arg_name="body")
@blueprint.output(Tokens)
@blueprint.doc(summary="续期", description="刷新令牌只能用一次；用过的再用，整个会话失效。")
@open_to_all
def refresh(body: RefreshIn) -> Any:
    """New tokens for a refresh token; a second use of one ends the session."""
    own = ports()
    session_id, rotation = refresh_claims(body.refresh_token)
    with transaction(own.sessions) as session:
        row = rotate(session, session_id, rotation, own.clock.now())
        tokens = issue(row) if row is not None else None
        in_page = row is not None and row.channel == "h5"
    if tokens is None:
        raise SessionEnded
    response = jsonify(tokens)
    if in_page:  # a mini-program keeps no cookies
        set_cookies(response, tokens)
    return response


@blueprint.post("/auth/logout")
@blueprint.doc(summary="退出登录", responses={204: "已退出"})
@signed_in
def logout() -> Response:
    """End the session."""
    own = ports()
    with transaction(own.sessions) as session:
        end(session, g.principal.session_id, own.clock.now())
    response = Response(status=204)
    clear_cookies(response)
    return response


@blueprint.get("/session")
@blueprint.output(SessionOut)
@blueprint.doc(summary="我是谁")
@signed_in
def who_am_i() -> Any:
    """Whether this WeChat user is bound, and to whom (masked)."""
    own, who = ports(), g.principal
    if who.account_id is None:
        nobody = {"bound": False, "display_name": None, "cooling_until": None, "device_bound": False}
        return {**nobody, "channel": who.channel, "bindings": []}
    with transaction(own.sessions) as session:
        return _bound_view(session, own, who.account_id, who.channel)


def _bound_view(session: Session, own: Ports, account_id: UUID, channel: str) -> dict[str, Any]:
    active = bindings_of(session, account_id)
    waits = max((binding.money_from for binding in active), default=None)
    cooling = waits is not None and waits > own.clock.now()
    return {
        "bound": True,
        "display_name": mask_name(person_of(session, own.cipher, account_id).name),
        "cooling_until": shanghai_iso(waits) if waits and cooling else None,
        "device_bound": find_device(session, account_id) is not None,
        "channel": channel,
        "bindings": [_binding_view(active, binding, channel) for binding in active],
    }


def _binding_view(active: Sequence[Binding], binding: Binding, channel: str) -> dict[str, Any]:
    mine = next((one for one in active if one.channel == channel), None)
    return {
        "channel": binding.channel,
        "bound_at": shanghai_iso(binding.bound_at),
        "here": binding is mine,
        "may_end": mine is not None and may_end(mine, binding),
    }
