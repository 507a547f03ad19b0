"""Who is at the desk 身份与防伪: session cookie, a mark on every form, nothing else lets anybody in."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from hmac import compare_digest
from typing import ParamSpec, TypeVar

from flask import Flask, Response, g, request
from werkzeug.wrappers import Response as AnyResponse

from app.staff_desk.ports import DeskPorts, desk
from services.core.db import transaction
from services.core.errors import Forbidden, Malformed
from services.staff.models import Staff
from services.staff.sessions import SignInNeeded, staff_of

P = ParamSpec("P")
R = TypeVar("R")
_SEED_BYTES = 24


class FormForged(Forbidden):
    """A form without the mark of this session."""

    code, title, detail = "desk.form_mark", "页面过期了", "页面过期了，请返回刷新后再提交。"


def install(app: Flask, own: DeskPorts) -> None:
    """Check the mark of every form, and give one to every page."""
    app.before_request(_check_mark)
    app.before_request(_refuse_nul)
    app.after_request(_keep_seed)
    app.jinja_env.globals["form_mark"] = form_mark


def _secure() -> bool:
    return desk().settings.staff_base_url.startswith("https://")


def _cookie(name: str) -> str:
    return f"__Host-{name}" if _secure() else name


def session_token() -> str:
    """The session cookie, or an empty text."""
    return request.cookies.get(_cookie("anju_desk"), "")


def give_session(response: AnyResponse, token: str) -> None:
    """Set the session cookie; an empty token takes it away."""
    _set(response, "anju_desk", token)


def _set(response: AnyResponse, name: str, value: str) -> None:
    options = {"httponly": True, "secure": _secure(), "samesite": "Strict", "path": "/"}
    if value:
        response.set_cookie(_cookie(name), value, **options)  # type: ignore[arg-type]
    else:
        response.delete_cookie(_cookie(name), **options)  # type: ignore[arg-type]


def _seed() -> str:
    """What marks the sign-in form, before there is a session."""
    if "form_seed" not in g:
        g.form_seed = request.cookies.get(_cookie("anju_desk_form"), "") or secrets.token_urlsafe(_SEED_BYTES)
    seed: str = g.form_seed
    return seed


def _keep_seed(response: Response) -> Response:
    seed = g.get("form_seed")
    if seed and request.cookies.get(_cookie("anju_desk_form")) != seed:
        _set(response, "anju_desk_form", seed)
    return response


def form_mark() -> str:
    """The mark for a form of the present page."""
    return desk().keys.form_mark(session_token() or _seed())


def _check_mark() -> None:
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    sent = request.form.get("mark", "")
    bound_to = session_token() or request.cookies.get(_cookie("anju_desk_form"), "")
    if not bound_to or not compare_digest(sent.encode(), desk().keys.form_mark(bound_to).encode()):
        raise FormForged


def _refuse_nul() -> None:
    """No column holds a NUL: the database would fail over it."""
    if any("\0" in value for values in request.form.listvalues() for value in values):
        raise Malformed(code="text.nul")


def staff_only(view: Callable[P, R]) -> Callable[P, R]:
    """Require a complete session; `g.staff` is who it is."""

    @wraps(view)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        g.staff = _present()
        return view(*args, **kwargs)

    wrapped.auth_zone = "staff"  # type: ignore[attr-defined]
    return wrapped


def open_page(view: Callable[P, R]) -> Callable[P, R]:
    """Say that a page of the desk needs no session."""
    view.auth_zone = "public"  # type: ignore[attr-defined]
    return view


def _present() -> Staff:
    own = desk()
    token = session_token()
    if not token:
        raise SignInNeeded
    with transaction(own.sessions) as session:
        staff = staff_of(session, own.keys, token, own.clock.now())
    if staff.demo and own.settings.env == "production":
        raise SignInNeeded
    return staff
