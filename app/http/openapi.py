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
_WAIT = ("wait_s", "integer", "等多少秒（0–20）再回答")
_QUERY: dict[str, tuple[tuple[str, str, str], ...]] = {
    "/api/v1/applications": (("open", "string", "true 只列还没办完的"),),
    "/api/v1/applications/{application_id}": (_WAIT, ("since_version", "integer", "版本号大于它就立即回答")),
    "/api/v1/face-sessions/{session_id}": (_WAIT,),
    "/api/v1/account/postings": (
        ("before", "string", "上一页的 next_before"),
        ("limit", "integer", "一页多少条，1–100"),
    ),
    "/api/v1/auth/wechat/start": (("page", "string", "登录后去的页面名，不是地址"),),
    "/api/v1/auth/wechat/callback": (
        ("code", "string", "微信给的一次性 code"),
        ("state", "string", "开始登录时的 state"),
    ),
    "/api/v1/session/binding": (("channel", "string", "h5 或 mini，不写就是这里"),),
    "/api/v1/jssdk-config": (("url", "string", "页面地址去掉 # 之后的部分"),),
}
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
    for name, kind, text in _QUERY.get(path, ()) if method == "get" else ():
        parameters.append(
            {"name": name, "in": "query", "required": False, "description": text, "schema": {"type": kind}}
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
    if path.endswith("/pdf"):
        operation["responses"]["200"]["content"] = {
            "application/pdf": {"schema": {"type": "string", "format": "binary"}}
        }
    if not path.startswith(_PUBLIC):
        operation["security"] = [{"bearer": []}, {"cookie": []}]
    operation["responses"].pop("422", None)
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    operation["responses"]["default"] = {
        "description": "没有办成，原因在 detail",
        "content": {"application/problem+json": problem},
    }


def install(app: Flask) -> None:
    """Complete the document whenever it is generated."""
    app.spec_processor(complete)  # type: ignore[attr-defined]
