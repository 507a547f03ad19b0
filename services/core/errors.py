"""Domain errors 业务错误: a stable code, a status for HTTP and a plain sentence for the member."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class DomainError(Exception):
    """Something the caller may not do now, said in plain Chinese. Never carries personal data."""

    code = "request.invalid"
    status = 422
    title = "请求没有通过检查"
    detail = "请检查后再试。"

    def __init__(
        self,
        detail: str | None = None,
        *,
        code: str | None = None,
        field: str | None = None,
        retry_after_s: int | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code or self.code)
        self.code = code or self.code
        self.detail = detail or self.detail
        self.field = field
        self.retry_after_s = retry_after_s
        self.extra = dict(extra or {})


class Invalid(DomainError):
    """422: well formed, but not acceptable as it is."""


class Malformed(DomainError):
    """400: the request could not be read."""

    code, status, title, detail = (
        "request.malformed",
        400,
        "请求读不懂",
        "发来的内容格式不对，请更新页面后再试。",
    )


class NotFound(DomainError):
    """404: not there, or not the caller's."""

    code, status, title, detail = "request.not_found", 404, "没有找到", "没有找到您要的内容。"


class Conflict(DomainError):
    """409: the present state or balance does not allow it."""

    code, status, title, detail = "request.conflict", 409, "现在不能这样办", "情况有变化，请刷新后再试。"


class Forbidden(DomainError):
    """403: known, but not allowed now (cooling-off, lock, missing consent)."""

    code, status, title, detail = "request.forbidden", 403, "现在不能办", "现在还不能办这件事。"


class Unauthenticated(DomainError):
    """401: no valid proof of who is calling."""

    code, status, title, detail = "auth.required", 401, "请先登录", "请从公众号菜单重新进入。"


class TooMany(DomainError):
    """429: too often; says when to come back."""

    code, status, title, detail = "request.too_many", 429, "太频繁了", "操作太频繁，请稍后再试。"


class Unavailable(DomainError):
    """503: nothing happened, and it may work soon."""

    code, status, title, detail = (
        "service.busy",
        503,
        "现在有点忙",
        "现在办理的人有点多，您的操作没有生效，请过一会儿再试。",
    )
