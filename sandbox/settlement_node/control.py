"""Steering the node 控制: what it saw, what it booked, and the faults it is to commit."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.settlement_node.deduction_control import routes_of
from sandbox.settlement_node.letter_control import letter_routes
from sandbox.settlement_node.node import SettlementNode


def blueprint(node: SettlementNode) -> Blueprint:
    """Routes to be mounted at /control/settlement."""
    routes = Blueprint("settlement_control", __name__)
    _reading(routes, node)
    _steering(routes, node)
    routes_of(routes, node.deductions)
    letter_routes(routes, node.letters, node.wake)
    return routes


def _reading(routes: Blueprint, node: SettlementNode) -> None:
    @routes.get("/payments")
    def payments() -> Response:
        return jsonify(_payments(node, request.args.get("case_no")))

    @routes.get("/account")
    def account() -> Response:
        return jsonify(
            account_no=node.who.pay_account_no,
            account_name=node.who.pay_account_name,
            balance_fen=node.books.balance_fen,
            business_day=node.books.business_day.isoformat(),
            cutoff_time=node.store.get("cutoff_time"),
            listening=node.pusher.listening(),
            down=node.is_down,
        )

    @routes.get("/faults")
    def faults() -> Response:
        return jsonify(faults=node.faults.waiting())

    @routes.get("/statement")
    def statement() -> Response:
        day = request.args.get("day", node.books.business_day.isoformat())
        return jsonify(day=day, lines=node.books.lines(day, day))

    @routes.get("/notices")
    def notices() -> Response:
        rows = node.store.rows(
            "SELECT n.*, l.ref_no, l.kind FROM notices n JOIN lines l ON l.id = n.line_id ORDER BY n.id DESC LIMIT 1000"
        )
        return jsonify(notices=rows)

    @routes.get("/log")
    def log() -> Response:
        limit = request.args.get("limit", 200, type=int)
        return jsonify(messages=node.store.rows("SELECT * FROM messages ORDER BY id DESC LIMIT ?", limit))


def _steering(routes: Blueprint, node: SettlementNode) -> None:
    @routes.post("/faults")
    def order_fault() -> tuple[Response, int]:
        try:
            return jsonify(id=node.order_fault(_body())), 201
        except (ValueError, TypeError) as fault:
            return jsonify(message=str(fault)), 422

    @routes.delete("/faults")
    @routes.delete("/faults/<int:number>")
    def cancel_faults(number: int | None = None) -> tuple[str, int]:
        node.faults.cancel(number)
        return "", 204

    @routes.post("/cutoff")
    def cutoff() -> Response:
        if "at" in (wish := _body()):
            node.store.put("cutoff_time", wish["at"])
            return jsonify(cutoff_time=wish["at"], business_day=node.books.business_day.isoformat())
        return jsonify(closed=node.cut_off(), business_day=node.books.business_day.isoformat())

    @routes.post("/return")
    def give_back() -> tuple[Response, int]:
        wish = _body()
        done = node.bank.give_back(str(wish.get("case_no", "")), str(wish.get("reason", "收款账户不符")))
        return (
            (jsonify(returned=True), 201)
            if done
            else (jsonify(message="no paid payment of that number"), 404)
        )

    @routes.post("/credit")
    def credit() -> tuple[Response, int]:
        wish = _body()
        texts = [str(wish.get(name, "")) for name in ("account_no", "name", "summary", "remark")]
        return jsonify(line=node.books.credit(int(wish["amount_fen"]), *texts)), 201


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True) or {}
    return body if isinstance(body, dict) else {}


def _payments(node: SettlementNode, case_no: str | None) -> dict[str, Any]:
    payments = node.store.rows(
        "SELECT p.*, (SELECT COUNT(*) FROM lines l WHERE l.ref_no = p.ref_no AND l.kind = 'debit') AS debits,"
        " (SELECT COUNT(*) FROM lines l WHERE l.ref_no = p.ref_no AND l.kind = 'return') AS returns,"
        " (SELECT COUNT(*) FROM attempts a WHERE a.ref_no = p.ref_no) AS attempts"
        " FROM payments p WHERE ? IS NULL OR p.ref_no = ? ORDER BY p.created_at",
        case_no,
        case_no,
    )
    attempts = node.store.rows(
        "SELECT * FROM attempts WHERE ? IS NULL OR ref_no = ? ORDER BY id", case_no, case_no
    )
    doubled = node.store.rows(
        "SELECT ref_no AS case_no, COUNT(*) AS debits FROM lines WHERE kind = 'debit' GROUP BY ref_no HAVING COUNT(*) > 1"
    )
    return {"payments": [_shown(row) for row in payments], "attempts": attempts, "doubled": doubled}


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {"case_no": row["ref_no"], **{name: row[name] for name in row if name != "plan"}}
