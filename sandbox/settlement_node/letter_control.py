"""Steering other centres 转移控制: which letters came, what the next one meets, and doing something now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.settlement_node.letters import Letters

ACTS = ("confirm", "letter", "money", "back", "refuse", "talk")


def letter_routes(routes: Blueprint, letters: Letters, wake: Callable[[], None]) -> None:
    """Add the routes of letters."""

    @routes.get("/letters")
    def listed() -> Response:
        return jsonify(
            letters=letters.store.rows("SELECT * FROM letters ORDER BY created_at"),
            orders=letters.store.rows("SELECT * FROM letter_orders ORDER BY id"),
            pushes=letters.store.rows("SELECT * FROM letter_pushes ORDER BY id"),
        )

    @routes.post("/letters/orders")
    def order() -> tuple[Response, int]:
        try:
            return jsonify(id=letters.order(_body())), 201
        except (ValueError, TypeError) as fault:
            return jsonify(message=str(fault)), 422

    @routes.delete("/letters/orders")
    def cancel() -> tuple[str, int]:
        letters.store.run("DELETE FROM letter_orders")
        return "", 204

    @routes.post("/letters/<number>/<act>")
    def act_now(number: str, act: str) -> tuple[Response, int]:
        if act not in ACTS or letters.letter(number) is None:
            return jsonify(message=f"a known letter, and one of {', '.join(ACTS)}"), 404
        letters.plan(number, act, _body())
        wake()
        return jsonify(planned=act), 202


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True) or {}
    return body if isinstance(body, dict) else {}
