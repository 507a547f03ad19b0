"""Errors 错误: one mapping from domain errors to application/problem+json; nothing else says no."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import structlog
from flask import Flask, Response, g, json, request
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import BadRequest, HTTPException

from services.core.errors import DomainError, Invalid, Malformed, NotFound, Unavailable

log = structlog.get_logger(__name__)
_RETRYABLE = frozenset(
    {"40001", "40P01", "55P03", "57014", "57P01", "57P02", "57P03", "53300", "53100", "25006"}
)
_PLAIN = {
    400: ("request.malformed", "请求读不懂", "发来的内容格式不对，请更新页面后再试。"),
    401: ("auth.required", "请先登录", "请从公众号菜单重新进入。"),
    403: ("request.forbidden", "不能访问", "不能访问这个内容。"),
    404: ("request.not_found", "没有找到", "没有找到您要的内容。"),
    405: ("request.method", "方法不对", "这个地址不支持这样访问。"),
    408: ("request.timeout", "超时", "网络有点慢，请再试一次。"),
    411: ("request.length_required", "缺少长度", "请求没有写明长度。"),
    413: ("request.too_large", "内容太大", "发来的内容太大了，请缩小后再试。"),
    415: ("request.media_type", "格式不支持", "不支持这种格式的内容。"),
    416: ("request.range", "没有这一段", "要的这一段不在文件里，请从头取。"),
    429: ("request.too_many", "太频繁了", "操作太频繁，请稍后再试。"),
}
_FIELD_TEXTS = {
    "missing": "请填写这一项。",
    "extra_forbidden": "有不认识的内容，请更新页面后再试。",
    "greater_than": "数值太小了。",
    "less_than_equal": "数值太大了。",
    "literal_error": "请从给出的选项里选一个。",
    "string_pattern_mismatch": "格式不对，请核对。",
}


def problem(status: int, code: str, title: str, detail: str, **more: Any) -> Response:
    """A problem+json response (RFC 9457). `instance` is the request's number, to quote to the hotline."""
    body = {
        "type": f"urn:anju:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "instance": g.get("request_id", ""),
        **{key: value for key, value in more.items() if value is not None},
    }
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/problem+json")


def domain_problem(error: DomainError) -> Response:
    """The response of a domain error."""
    response = problem(error.status, error.code, error.title, error.detail, field=error.field, **error.extra)
    if error.retry_after_s is not None:
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def validation_fault(error: ValidationError) -> DomainError:
    """The first fault of a form as a domain error; the value itself is never echoed."""
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(str(part) for part in fault["loc"]) or None
    kind = fault["type"]
    text = _FIELD_TEXTS.get(kind, "这一项填得不对，请核对。")
    if kind == "extra_forbidden":
        return Malformed(text, code="field.unknown", field=field if _plain_name(field) else None)
    if kind.endswith("_type"):
        return Malformed("这一项的类型不对，请更新页面后再试。", code="field.type", field=field)
    code = "field.missing" if kind == "missing" else "field.invalid"
    return Invalid(text, code=code, field=field)


def _plain_name(field: str | None) -> bool:
    """Whether an unknown field's name may be repeated: the sender made it up, and names can carry data too."""
    return field is not None and len(field) <= 40 and field.isascii() and field.replace("_", "").isalpha()


def http_problem(error: HTTPException) -> Response:
    """The response of a framework error."""
    status = error.code or 500
    if status not in _PLAIN:
        return _internal()
    code, title, detail = _PLAIN[status]
    return problem(status, code, title, detail)


def _internal() -> Response:
    number = g.get("request_id") or uuid4().hex[:8]
    detail = f"我们这边出了点问题，您刚才的操作没有生效，钱没有动。请过几分钟再试，编号 {number}。"
    return problem(500, "service.fault", "我们这边出了点问题", detail)


def _database_problem(error: DBAPIError) -> Response:
    state = getattr(error.orig, "sqlstate", None)
    if (
        error.connection_invalidated
        or isinstance(error, OperationalError)
        or state in _RETRYABLE
        or state is None
    ):
        log.warning("database.busy", sqlstate=state)
        return _busy()
    log.error("database.fault", sqlstate=state, statement=type(error).__name__)
    return _internal()


def _unreadable(error: ParseException) -> Response:
    """Chunks of a body that are no chunks: the server finds out only while we read."""
    return http_problem(BadRequest())


def _busy() -> Response:
    return domain_problem(Unavailable(retry_after_s=2))


def install(app: Flask) -> None:
    """Map every exception to a problem."""
    app.register_error_handler(DomainError, domain_problem)
    app.register_error_handler(ValidationError, lambda error: domain_problem(validation_fault(error)))
    app.register_error_handler(HTTPException, http_problem)
    app.register_error_handler(DBAPIError, _database_problem)
    app.register_error_handler(PoolTimeout, lambda error: _busy())
    app.register_error_handler(ParseException, _unreadable)
    app.register_error_handler(Exception, _unexpected)
    app.register_error_handler(NotFound, domain_problem)


def _unexpected(error: Exception) -> Response:
    log.error(
        "request.fault",
        error=type(error).__name__,
        path=request.url_rule.rule if request.url_rule else None,
        exc_info=error,
    )
    return _internal()
