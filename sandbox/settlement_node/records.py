"""Rows of the payments table 付款记录, as made from messages and fates."""

from __future__ import annotations

from typing import Any

from sandbox.settlement_node.checks import fen

SAME_CONTENT = ("amount_fen", "capital_fen", "interest_fen", "payee_account_no", "payee_name", "ref_no")

Fields = dict[str, str]


def content(head: Fields, body: Fields) -> dict[str, Any]:
    """What a BDC101 asks for."""
    return {
        "seq_no": head["SendSeqNo"],
        "ref_no": body["RefSeqNo1"],
        "tx_date": head["SendDate"],
        "amount_fen": fen(body["Amt"]),
        "capital_fen": fen(body["CapAmt"]),
        "interest_fen": fen(body.get("IntAmt") or "0.00"),
        "payee_account_no": body["CrAcctNo"],
        "payee_name": body["CrAcctName"],
        "payee_bank_name": body.get("CrBankName", ""),
        "payee_interbank_no": body.get("CrChgNo", ""),
        "settle_type": body["SettleType"],
        "bus_type": body["BusType"],
        "summary": body["Summary"],
        "remark": body["Remark"],
    }


def same_content(row: dict[str, Any], head: Fields, body: Fields) -> bool:
    """Whether a repeated number carries the same payment."""
    asked = content(head, body)
    return all(row[name] == asked[name] for name in SAME_CONTENT)


def open_fate(state: str, host_status: str) -> dict[str, Any]:
    """Still to be booked."""
    return {"state": state, "tx_status": "0", "code": "00000", "message": "", "host_status": host_status}


def failed_fate(tx_status: str, host_status: str, code: str, message: str) -> dict[str, Any]:
    """Final: it will not be booked."""
    return {
        "state": "failed",
        "tx_status": tx_status,
        "code": code,
        "message": message,
        "host_status": host_status,
        "pay_at": None,
    }


def ordered_fate(
    kind: str, params: dict[str, Any], at: float, refusal: tuple[str, str]
) -> dict[str, Any] | None:
    """What an ordered fault makes of an order, payment or deduction; None where the books decide."""
    due_at = at + params.get("seconds", 2.0)
    match kind:
        case "reject":
            return failed_fate("1", "1", params.get("code", refusal[0]), params.get("message", refusal[1]))
        case "host_status_error":
            return failed_fate("0", "1", params.get("code", "B0062"), params.get("message", "主机失败"))
        case "pending":
            return open_fate("pending", "2") | {"pay_at": due_at}
        case "pending_forever":
            return open_fate("pending", "2") | {"pay_at": None}
        case "late_record":
            return open_fate("accepted", "0") | {"visible_at": due_at, "pay_at": due_at}
    return None


def debit_cells(payment: dict[str, Any]) -> dict[str, str]:
    """The account line of a payment that was booked."""
    return {
        "kind": "debit",
        "host_seq_no": payment["host_seq_no"],
        "tx_code": "BDC101",
        "summary": payment["summary"],
        "remark": payment["remark"],
        **_counterparty(payment),
    }


def return_cells(payment: dict[str, Any], host_seq_no: str, reason: str) -> dict[str, str]:
    """The account line of a payment that came back: remarked with the case number."""
    return {
        "kind": "return",
        "host_seq_no": host_seq_no,
        "tx_code": "RETURN",
        "summary": f"退汇 {reason}",
        "remark": payment["ref_no"],
        **_counterparty(payment),
    }


def _counterparty(payment: dict[str, Any]) -> dict[str, str]:
    return {
        "counter_account_no": payment["payee_account_no"],
        "counter_name": payment["payee_name"],
        "counter_bank_no": payment["payee_interbank_no"],
        "ref_no": payment["ref_no"],
    }
