"""OpenAPI 接口描述: what the framework cannot know of our routes: identity, keys, queries, problems."""

from __future__ import annotations

from typing import Any

from flask import Flask

from app.member_api.schemas import Problem

_PUBLIC = (
    "/api/v1/auth/wechat",
    "/api/v1/auth/refresh",
    "/api/v1/auth/mini",
    "/api/v1/consents/texts",
    "/api/v1/client-config",
    "/api/v1/jssdk-config",
    "/api/v1/public",
)
_TEXT: dict[str, Any] = {"type": "string"}
_BEFORE = ("before", {"type": "string", "format": "uuid"}, "上一页的 next_before")
_WAIT = ("wait_s", {"type": "integer", "minimum": 0, "maximum": 20}, "等多少秒（0–20）再回答")


def _number(name: str, most: int, text: str, least: int = 0) -> tuple[str, dict[str, Any], str]:
    return name, {"type": "integer", "minimum": least, "maximum": most}, text


_KINDS = ["contribution", "withdrawal", "interest", "loan", "other"]
_QUERY: dict[str, tuple[tuple[str, dict[str, Any], str], ...]] = {
    "/api/v1/applications": (("open", _TEXT, "true 只列还没办完的"),),
    "/api/v1/applications/{application_id}": (
        _WAIT,
        _number("since_version", 10_000, "版本号大于它就立即回答"),
    ),
    "/api/v1/face-sessions/{session_id}": (_WAIT,),
    "/api/v1/account/postings": (
        _BEFORE,
        _number("limit", 100, "一页多少条，1–100", least=1),
        ("year", {"type": "string", "pattern": "^20[0-9]{2}$"}, "只看一个自然年"),
        ("kind", {"type": "string", "enum": _KINDS}, "只看一类"),
    ),
    "/api/v1/notices": (
        _BEFORE,
        _number("limit", 100, "一页多少条，1–100", least=1),
        ("topic", _TEXT, "只看一类"),
    ),
    "/api/v1/loans/{loan_id}/plan": (
        _number("limit", 480, "只取这么多期，1–480", least=1),
        _number("after", 480, "上一页的 next_after"),
        ("open", _TEXT, "true 不列已还的"),
    ),
    "/api/v1/auth/wechat/start": (("page", _TEXT, "登录后去的页面名，不是地址"),),
    "/api/v1/auth/wechat/callback": (
        ("code", _TEXT, "微信给的一次性 code"),
        ("state", _TEXT, "开始登录时的 state"),
    ),
    "/api/v1/session/binding": (("channel", {"type": "string", "enum": ["h5", "mini"]}, "不写就是这里"),),
    "/api/v1/jssdk-config": (("url", _TEXT, "页面地址去掉 # 之后的部分"),),
}
_READS_QUERY = ("get", "delete")
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "防重复提交：提交前生成并保存，重试时用同一个",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{16,64}$"},
}
_FILE = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary"}},
}


def complete(spec: dict[str, Any]) -> dict[str, Any]:
    """Add to the generated document what it lacks."""
    components = spec.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": "anju_access",
            "description": "写操作另需 X-CSRF-Token = cookie anju_csrf",
        },
    }
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            _complete_operation(path, method, operation)
    return spec


def _complete_operation(path: str, method: str, operation: dict[str, Any]) -> None:
    parameters = operation.setdefault("parameters", [])
    for name, shape, text in _QUERY.get(path, ()) if method in _READS_QUERY else ():
        parameters.append(
            {"name": name, "in": "query", "required": False, "description": text, "schema": shape}
        )
    if method == "post" and (
        path.endswith("/confirm") or (path.startswith("/api/v1/items/") and path.endswith("/applications"))
    ):
        parameters.append(_KEY)
    if path.startswith("/api/v1/public/certificates"):
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": _FILE}}}
    if method == "post" and path.endswith("/documents"):
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": _FILE}}}
    if method == "get" and path.endswith("/documents/{document_id}"):
        operation["responses"]["200"]["content"] = {
            "image/jpeg": {"schema": {"type": "string", "format": "binary"}}
        }
    if path.endswith(("/pdf", ".pdf")):
        operation["responses"]["200"]["content"] = {
            "application/pdf": {"schema": {"type": "string", "format": "binary"}}
        }
    if "302" in operation["responses"]:
        operation["responses"]["302"]["content"] = {"text/html": {"schema": _TEXT}}
    if not path.startswith(_PUBLIC):
        operation["security"] = [{"bearer": []}, {"cookie": []}]
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True  # an empty body is no JSON object
    operation["responses"].pop("422", None)
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    operation["responses"]["default"] = {
        "description": "没有办成，原因在 detail",
        "content": {"application/problem+json": problem},
    }


def install(app: Flask) -> None:
    """Complete the document whenever it is generated."""
    app.spec_processor(complete)  # type: ignore[attr-defined]
