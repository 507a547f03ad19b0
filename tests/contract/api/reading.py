"""Reading answers in API tests."""

from __future__ import annotations

from typing import Any

from werkzeug.test import TestResponse


def problem(response: TestResponse, status: int, code: str | None = None) -> dict[str, Any]:
    """The body of a refusal, which has all of RFC 9457 and a sentence in Chinese."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "application/problem+json"
    body: dict[str, Any] = response.get_json()
    assert {"type", "title", "status", "detail", "code", "instance"} <= body.keys()
    assert body["status"] == status
    replayed = "Idempotent-Replayed" in response.headers  # then it is the first request's number
    assert replayed or body["instance"] == response.headers["X-Request-Id"] != ""
    assert body["type"] == f"urn:anju:problem:{body['code']}"
    assert any("\u4e00" <= char <= "\u9fff" for char in body["detail"])
    if code is not None:
        assert body["code"] == code
    return body
