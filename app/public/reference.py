"""The API reference 接口文档 as a page that needs nothing from elsewhere: drawn from the OpenAPI document."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, render_template

from app.http.auth import open_to_all

blueprint = Blueprint("reference", __name__, template_folder="templates")
_METHODS = ("get", "post", "put", "patch", "delete")


@blueprint.get("/docs")
@open_to_all
def page() -> Response:
    """Every operation with its fields."""
    spec: dict[str, Any] = current_app.spec  # type: ignore[attr-defined]
    schemas = spec.get("components", {}).get("schemas", {})
    operations = [
        _operation(path, method, found[method], schemas)
        for path, found in spec["paths"].items()
        for method in _METHODS
        if method in found
    ]
    groups: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in spec.get("tags", [])}
    for operation in operations:
        groups.setdefault(operation["tag"], []).append(operation)
    return Response(render_template("reference.html", info=spec["info"], groups=groups), mimetype="text/html")


def _operation(path: str, method: str, found: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    answers = {
        code: answer for code, answer in found.get("responses", {}).items() if code.startswith(("2", "3"))
    }
    return {
        "path": path,
        "method": method.upper(),
        "tag": (found.get("tags") or ["其他"])[0],
        "summary": found.get("summary", ""),
        "description": found.get("description", ""),
        "keyed": any(parameter["name"] == "Idempotency-Key" for parameter in found.get("parameters", ())),
        "parameters": [p for p in found.get("parameters", ()) if p["in"] in ("path", "query")],
        "body": _fields(_schema(found.get("requestBody", {}), schemas), schemas),
        "answers": {code: _fields(_schema(answer, schemas), schemas) for code, answer in answers.items()},
    }


def _schema(holder: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    content = holder.get("content", {})
    return _resolved(content.get("application/json", {}).get("schema", {}), schemas) if content else {}


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = schemas.get(name, {}) if name else schema
    return found


def _fields(schema: dict[str, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    required = set(schema.get("required", ()))
    return [
        {
            "name": name,
            "type": _type(field, schemas),
            "required": name in required,
            "title": field.get("title", ""),
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _type(field: dict[str, Any], schemas: dict[str, Any]) -> str:
    if "$ref" in field:
        return str(field["$ref"].rpartition(".")[2].rpartition("/")[2])
    if "anyOf" in field:
        return " | ".join(_type(choice, schemas) for choice in field["anyOf"])
    if field.get("type") == "array":
        return f"[{_type(field.get('items', {}), schemas)}]"
    if "enum" in field:
        return " | ".join(str(value) for value in field["enum"])
    return str(field.get("format") or field.get("const") or field.get("type", "any"))
