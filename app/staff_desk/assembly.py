"""The desk put together 审核台装配."""

from __future__ import annotations

import structlog
from flask import Blueprint, Flask, Response, abort, jsonify, redirect, render_template, request, url_for
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as AnyResponse

from app.http import request_context
from app.staff_desk import (
    announcements,
    breaks,
    cases,
    closing_days,
    counter,
    guard,
    locking,
    passwords,
    queue,
    ratings,
    signing_in,
    suspense,
)
from app.staff_desk.guard import open_page
from app.staff_desk.ports import DeskPorts, desk
from services.core.db import transaction
from services.core.errors import DomainError
from services.staff.sessions import SignInNeeded

log = structlog.get_logger(__name__)
FORM_LIMIT = 64 * 1024
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
_HTTP = {
    404: ("没有找到", "没有这个页面。"),
    405: ("方法不对", "这个地址不支持这样访问。"),
    411: ("缺少长度", "请求没有写明长度。"),
    413: ("内容太大", "提交的内容太大了。"),
}
health = Blueprint("health", __name__)


def create_desk(own: DeskPorts) -> Flask:
    """The staff zone over HTTP, wired to the given ports."""
    app = Flask("app.staff_desk", template_folder="templates", static_folder="static")
    app.config.update(MAX_CONTENT_LENGTH=FORM_LIMIT, MAX_FORM_MEMORY_SIZE=FORM_LIMIT, MAX_FORM_PARTS=20)
    app.extensions["anju_desk"] = own
    if own.settings.proxy_hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=own.settings.proxy_hops, x_proto=0, x_host=0)  # type: ignore[method-assign]
    request_context.install(app)
    app.before_request(_refuse_unmeasured)
    guard.install(app, own)
    app.after_request(_headers)
    app.register_error_handler(SignInNeeded, _to_sign_in)
    app.register_error_handler(DomainError, _domain_page)
    app.register_error_handler(HTTPException, _http_page)
    app.register_error_handler(Exception, _fault_page)
    for module in (
        signing_in,
        queue,
        cases,
        closing_days,
        breaks,
        suspense,
        ratings,
        announcements,
        locking,
        counter,
        passwords,
    ):
        app.register_blueprint(module.blueprint)
    app.register_blueprint(health)
    return app


def _refuse_unmeasured() -> None:
    if "Transfer-Encoding" in request.headers:
        abort(411)


def _headers(response: Response) -> Response:
    headers = response.headers
    headers["Content-Security-Policy"] = POLICY
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    headers["Cache-Control"] = "public, max-age=3600" if request.path.startswith("/static/") else "no-store"
    if desk().settings.staff_base_url.startswith("https://"):
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return response


def _to_sign_in(error: SignInNeeded) -> AnyResponse | tuple[str, int]:
    if request.method == "GET" and not request.path.endswith("/code"):
        return redirect(url_for("signing_in.ask_password"), 303)
    return render_template("sign_in.html", fault=error.detail), error.status


def _domain_page(error: DomainError) -> tuple[str, int, dict[str, str]]:
    wait = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s is not None else {}
    return render_template("fault.html", title=error.title, text=error.detail), error.status, wait


def _http_page(error: HTTPException) -> AnyResponse | tuple[str, int]:
    if error.code is not None and error.code < 400:
        return error.get_response()
    title, words = _HTTP.get(error.code or 500, ("没有办成", "请返回后再试。"))
    return render_template("fault.html", title=title, text=words), error.code or 500


def _fault_page(error: Exception) -> tuple[str, int]:
    route = request.url_rule.rule if request.url_rule else None
    log.error("request.fault", error=type(error).__name__, path=route, exc_info=error)
    return render_template("fault.html", title="系统出错了", text="刚才的操作没有生效，请过几分钟再试。"), 500


@health.get("/healthz")
@open_page
def alive() -> tuple[Response, int]:
    """The process and the database answer."""
    try:
        with transaction(desk().sessions) as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return jsonify(status="database"), 503
    return jsonify(status="ok"), 200
