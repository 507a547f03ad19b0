"""Steering cards and deductions 扣款控制: what is on a card, what was taken from it, and taking it back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.settlement_node.deductions import Deductions

_ROWS = (
    "SELECT d.*, (SELECT COUNT(*) FROM lines l WHERE l.ref_no = d.ref_no AND l.kind = 'collect') AS collected,"
    " (SELECT COUNT(*) FROM lines l WHERE l.ref_no = d.ref_no AND l.kind = 'take_back') AS taken_back,"
    " (SELECT COUNT(*) FROM attempts a WHERE a.ref_no = d.ref_no) AS attempts"
    " FROM deductions d WHERE ? IS NULL OR d.ref_no = ? ORDER BY d.created_at"
)
_DOUBLED = (
    "SELECT ref_no AS case_no, COUNT(*) AS collected FROM lines WHERE kind = 'collect' GROUP BY ref_no"
    " HAVING COUNT(*) > 1"
)


def routes_of(routes: Blueprint, deductions: Deductions) -> None:
    """Add the routes of cards and deductions."""

    @routes.get("/cards")
    def cards_listed() -> Response:
        return jsonify(cards=deductions.cards.all())

    @routes.post("/cards/<account_no>")
    def set_card(account_no: str) -> tuple[Response, int]:
        wish = request.get_json(silent=True)
        try:
            return jsonify(deductions.cards.set(account_no, wish if isinstance(wish, dict) else {})), 200
        except ValueError as fault:
            return jsonify(message=str(fault)), 422

    @routes.get("/deductions")
    def deductions_listed() -> Response:
        case_no = request.args.get("case_no")
        rows = deductions.store.rows(_ROWS, case_no, case_no)
        return jsonify(deductions=[_shown(row) for row in rows], doubled=deductions.store.rows(_DOUBLED))

    @routes.post("/take-back")
    def take_back() -> tuple[Response, int]:
        wish = request.get_json(silent=True) or {}
        if deductions.take_back(str(wish.get("case_no", ""))):
            return jsonify(taken_back=True), 201
        return jsonify(message="no collected deduction of that number"), 404


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {"case_no": row["ref_no"], **{name: row[name] for name in row if name != "plan"}}
