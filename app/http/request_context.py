"""Request context 请求上下文: a number for each request, one access log line without personal data, metrics."""

from __future__ import annotations

import secrets
from time import perf_counter

import structlog
from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram

log = structlog.get_logger("access")
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
REQUESTS = Counter("anju_http_requests_total", "HTTP requests", ("route", "method", "status"))
SECONDS = Histogram("anju_http_request_seconds", "HTTP request seconds", ("route",))


def _begin() -> None:
    g.request_id = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    g.began = perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _finish(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "unmatched"
    seconds = perf_counter() - g.get("began", perf_counter())
    method = request.method if request.method in _METHODS else "OTHER"
    REQUESTS.labels(route, method, str(response.status_code)).inc()
    SECONDS.labels(route).observe(seconds)
    log.info("request", route=route, method=method, status=response.status_code, ms=round(seconds * 1000))
    response.headers["X-Request-Id"] = g.get("request_id", "")
    return response


def install(app: Flask) -> None:
    """Number, time and log every request."""
    app.before_request(_begin)
    app.after_request(_finish)
