"""Identity of a request 登录: short JWTs that name a session on the server, in cookies or a header."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from hmac import compare_digest
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from flask import Flask, Response, current_app, g, request
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    decode_token,
    get_jwt,
    set_access_cookies,
    set_refresh_cookies,
    unset_jwt_cookies,
    verify_jwt_in_request,
)
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import ExpiredSignatureError, PyJWTError

from app.ports import Ports, ports
from services.core.db import one_look
from services.core.errors import Forbidden, Unauthenticated
from services.core.scope import see_member, see_no_more, see_nobody
from services.members.models import LoginSession
from services.members.sessions import Principal, principal_of

P = ParamSpec("P")
R = TypeVar("R")
ACCESS_LIFE = timedelta(minutes=15)
REFRESH_LIFE = timedelta(hours=24)
_BEARER = re.compile(r"Bearer [\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_REQUIRED = ("exp", "iat", "jti", "sub", "aud", "iss", "use", "sid")
CSRF_COOKIE, CSRF_HEADER = "anju_csrf", "X-CSRF-Token"


class AccessExpired(Unauthenticated):
    """The access token is over; the refresh token may still serve."""

    code, detail = "auth.expired", "登录已过期，正在为您续期。"


class NotBound(Forbidden):
    """A WeChat user who is not bound to a member yet."""

    code, title, detail = "bind.required", "请先绑定", "请先完成实名绑定。"


def install(app: Flask, own: Ports) -> None:
    """Set up the token library for the member zone."""
    secure = own.settings.public_base_url.startswith("https://")
    prefix = "__Host-" if secure else ""  # such a cookie no other host of the domain can set
    app.config.update(
        JWT_SECRET_KEY=own.jwt_key,
        JWT_ALGORITHM="HS256",
        JWT_TOKEN_LOCATION=["headers", "cookies"],
        JWT_ACCESS_TOKEN_EXPIRES=ACCESS_LIFE,
        JWT_REFRESH_TOKEN_EXPIRES=REFRESH_LIFE,
        JWT_ENCODE_AUDIENCE="anju-member",
        JWT_DECODE_AUDIENCE="anju-member",
        JWT_ENCODE_ISSUER="anju",
        JWT_DECODE_ISSUER="anju",
        JWT_COOKIE_SECURE=secure,
        JWT_COOKIE_SAMESITE="Lax",
        JWT_COOKIE_CSRF_PROTECT=True,
        JWT_ACCESS_COOKIE_NAME=f"{prefix}anju_access",
        JWT_REFRESH_COOKIE_NAME=f"{prefix}anju_refresh",
        JWT_ACCESS_CSRF_COOKIE_NAME=CSRF_COOKIE,
        JWT_REFRESH_CSRF_COOKIE_NAME="anju_csrf_refresh",
        JWT_ACCESS_CSRF_HEADER_NAME=CSRF_HEADER,
        JWT_CSRF_METHODS=["POST", "PUT", "PATCH", "DELETE"],
    )
    JWTManager(app)
    app.before_request(see_nobody)
    app.before_request(_ask_who_first)
    app.teardown_request(_forget)


def _forget(_fault: BaseException | None) -> None:
    see_no_more()


def _ask_who_first() -> None:
    """Nobody's body is read before we know whose it is."""
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "auth_zone", None) != "member":
        return
    if _known().account_id is None and getattr(view, "needs_binding", False):
        raise NotBound


def _known() -> Principal:
    if "principal" not in g:
        g.principal = _principal()
        if g.principal.account_id is not None:
            see_member(g.principal.account_id)
    principal: Principal = g.principal
    return principal


def issue(row: LoginSession) -> dict[str, Any]:
    """Access and refresh token of a session, as the API shows them."""
    claims = {"sid": str(row.session_id)}
    refresh = create_refresh_token(
        str(row.session_id), additional_claims=claims | {"use": "refresh", "rid": str(row.refresh_jti)}
    )
    access = create_access_token(str(row.session_id), additional_claims=claims | {"use": "access"})
    return {
        "access_token": access,
        "refresh_token": refresh,
        "expires_in": int(ACCESS_LIFE.total_seconds()),
        "bound": row.account_id is not None,
    }


def set_cookies(response: Response, tokens: dict[str, Any]) -> None:
    """Put both tokens into cookies, with the CSRF value in a readable one."""
    set_access_cookies(response, tokens["access_token"])
    set_refresh_cookies(response, tokens["refresh_token"])


def clear_cookies(response: Response) -> None:
    """Take the cookies away."""
    unset_jwt_cookies(response)


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """Require a live session; `g.principal` is who it is."""

    @wraps(view)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        g.principal = _known()
        return view(*args, **kwargs)

    wrapped.auth_zone = "member"  # type: ignore[attr-defined]
    return wrapped


def member_only(view: Callable[P, R]) -> Callable[P, R]:
    """Require a live session of a bound member; `g.account_id` is whose."""

    @wraps(view)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        g.principal = _known()
        if g.principal.account_id is None:
            raise NotBound
        g.account_id = g.principal.account_id
        return view(*args, **kwargs)

    wrapped.auth_zone = "member"  # type: ignore[attr-defined]
    wrapped.needs_binding = True  # type: ignore[attr-defined]
    return wrapped


def open_to_all(view: Callable[P, R]) -> Callable[P, R]:
    """Say that a view needs no session; the route tests want it said."""
    view.auth_zone = "public"  # type: ignore[attr-defined]
    return view


def _principal() -> Principal:
    session_id = _session_id()
    own = ports()
    with one_look(own.sessions) as session:
        return principal_of(session, own.cipher, session_id, own.clock.now())


def _session_id() -> UUID:
    header = request.headers.get("Authorization", "")
    if header[:6].lower() == "bearer" and _BEARER.fullmatch(header) is None:
        raise Unauthenticated  # two of them, padding, tabs: a token is written in one way
    try:
        verify_jwt_in_request()
        return UUID(_complete(get_jwt(), "access")["sid"])
    except ExpiredSignatureError:
        raise AccessExpired from None
    except (JWTExtendedException, PyJWTError, ValueError, AttributeError, TypeError):
        raise Unauthenticated from None  # TypeError: the library cannot compare a CSRF value outside ASCII


def _complete(claims: dict[str, Any], use: str) -> dict[str, Any]:
    """The claims, if none is missing. The library fills in a missing `type` and `jti`, so `use` says what it is for."""
    if any(claims.get(name) is None for name in _REQUIRED) or claims["use"] != use:
        raise Unauthenticated
    return claims


def refresh_claims(body_token: str | None) -> tuple[UUID, UUID]:
    """Session and rotation id of the refresh token, from body, header or cookie (with its CSRF value)."""
    token = body_token or _bearer() or _refresh_cookie()
    try:
        claims: dict[str, Any] = _complete(decode_token(token), "refresh")
        return UUID(claims["sid"]), UUID(claims["rid"])
    except (JWTExtendedException, PyJWTError, ValueError, KeyError):
        raise Unauthenticated from None


def _bearer() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" and token else None


def _refresh_cookie() -> str:
    sent, kept = request.headers.get(CSRF_HEADER, ""), request.cookies.get(CSRF_COOKIE, "")
    if not kept or not compare_digest(sent.encode(), kept.encode()):
        raise Unauthenticated
    return request.cookies.get(current_app.config["JWT_REFRESH_COOKIE_NAME"], "")
