"""OAuth 网页授权: open.weixin.qq.com's authorize page and sns/oauth2/access_token."""

from __future__ import annotations

import re
import secrets
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.serving import suffer
from sandbox.wechat.account import Account
from sandbox.wechat.answers import WeChatError

PHONE_COOKIE = "sandbox_phone"
PHONE_HEADER = "X-Sandbox-Phone"


def with_query(url: str, **more: str) -> str:
    """The URL with further query parameters."""
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *more.items()]
    return urlunsplit(parts._replace(query=urlencode(query), fragment=""))


def blueprint(account: Account) -> Blueprint:
    """Both halves of web authorisation."""
    pages = Blueprint("oauth", __name__, template_folder="templates")

    @pages.get("/connect/oauth2/authorize")
    def authorize() -> AnyResponse:
        trouble = _page_trouble(account)
        if trouble:
            return make_response(render_template("refused.html", text=trouble), 200)
        if request.args.get("sandbox_deny"):
            return redirect(with_query(request.args["redirect_uri"], state=request.args.get("state", "")))
        key = _phone_key()
        person = account.world.person(key) if key else None
        if person is None:
            return make_response(_picker(account))
        openid = account.openid(person.key)
        snapshot = bool(account.world.faults.take("wechat", "authorize", person.key, kinds=("snapshot",)))
        code = account.new_code(openid, request.args.get("scope", ""), snapshot=snapshot)
        back = with_query(request.args["redirect_uri"], code=code, state=request.args.get("state", ""))
        answer = redirect(back)
        if "sandbox_phone" in request.args:
            answer.set_cookie(PHONE_COOKIE, person.key, samesite="Lax", max_age=30 * 86400)
        return answer

    @pages.get("/sns/oauth2/access_token")
    def access_token() -> Response:
        broken = suffer(account.world.faults.take("wechat", "sns/oauth2/access_token"))
        if broken is not None:
            return broken
        try:
            return jsonify(_exchange(account))
        except WeChatError as error:
            return jsonify(errcode=error.errcode, errmsg=error.errmsg)

    return pages


def _phone_key() -> str:
    return (
        request.headers.get(PHONE_HEADER)
        or request.args.get("sandbox_phone")
        or request.cookies.get(PHONE_COOKIE, "")
    )


def _page_trouble(account: Account) -> str | None:
    given = request.args
    if given.get("appid") != account.keys["appid"]:
        return "AppID 参数错误 (10013)"
    wanted = urlsplit(account.world.setup.public_base_url)
    asked = urlsplit(given.get("redirect_uri", ""))
    if (asked.scheme, asked.netloc) != (wanted.scheme, wanted.netloc):
        return "redirect_uri 域名与后台配置不一致，错误码：10003"
    if given.get("response_type") != "code" or given.get("scope") not in ("snsapi_base", "snsapi_userinfo"):
        return "Scope 参数错误或没有 Scope 权限 (10005)"
    if not re.fullmatch("[A-Za-z0-9]{0,128}", given.get("state", "")):
        return "state 参数错误"
    return None


def _picker(account: Account) -> str:
    here = request.full_path.rstrip("?")
    people = [(p.name, with_query(here, sandbox_phone=p.key)) for p in account.world.people()]
    return render_template("picker.html", people=people, deny=with_query(here, sandbox_deny="1"))


def _exchange(account: Account) -> dict[str, object]:
    given = request.args
    if given.get("appid") != account.keys["appid"]:
        raise WeChatError(40013)
    if given.get("secret") != account.keys["secret"]:
        raise WeChatError(40125)
    if given.get("grant_type") != "authorization_code":
        raise WeChatError(40002)
    facts = account.redeem(given.get("code", ""))
    if isinstance(facts, int):
        raise WeChatError(facts)
    answer: dict[str, object] = {
        "access_token": secrets.token_urlsafe(64),
        "expires_in": 7200,
        "refresh_token": secrets.token_urlsafe(64),
        "openid": facts["openid"],
        "scope": facts["scope"],
    }
    return {**answer, "is_snapshotuser": 1} if facts["snapshot"] else answer
