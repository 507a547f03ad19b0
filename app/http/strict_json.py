"""Strict requests 严格请求: bodies are plain JSON of a known length, read by our own strict reader."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Request, abort, current_app, request
from flask.json.provider import DefaultJSONProvider

from services.core.errors import Malformed
from services.core.strict_json import loads

BODY_LIMIT = 4 * 1024 * 1024


class StrictProvider(DefaultJSONProvider):
    """Flask's JSON with our reader."""

    ensure_ascii = False

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Read strictly."""
        return loads(s)


class StrictRequest(Request):
    """A request that says in our words why its JSON cannot be read."""

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        """No JSON content type, or unreadable."""
        raise Malformed(code="json.syntax" if e else "json.content_type")


class MediaTypeRefused(Malformed):
    """The body is not plain JSON."""

    code, status, title, detail = "request.media_type", 415, "格式不支持", "不支持这种格式的内容。"


V = TypeVar("V", bound=Callable[..., Any])


def takes_files(view: V) -> V:
    """Say that a view takes a file in a form; those of another site fail its CSRF check."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


def _check_media_type() -> None:
    """A form another site can send is not taken for JSON, and nothing is unpacked."""
    if not request.path.startswith("/api/v1/") or request.path.startswith("/api/v1/public/"):
        return
    if request.routing_exception is not None:  # no such address, or not by this method: said below
        return
    view = current_app.view_functions.get(request.endpoint or "")
    if request.mimetype == "multipart/form-data" and getattr(view, "takes_files", False):
        return
    has_body = bool(request.content_length) or "Transfer-Encoding" in request.headers
    if has_body and (request.mimetype != "application/json" or request.content_encoding):
        raise MediaTypeRefused


def install(app: Flask) -> None:
    """Use strict requests, and refuse bodies that cannot be measured or are compressed."""
    app.request_class = StrictRequest
    app.json = StrictProvider(app)
    app.before_request(_check_media_type)
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    app.config["MAX_FORM_MEMORY_SIZE"] = BODY_LIMIT
    app.config["MAX_FORM_PARTS"] = 20
    app.before_request(_refuse_unmeasured)


def _refuse_unmeasured() -> None:
    """A body in chunks would be cut at the limit without a word; webhooks read theirs with a limit of their own."""
    if "Transfer-Encoding" in request.headers and not request.path.startswith("/webhooks/"):
        abort(411)
