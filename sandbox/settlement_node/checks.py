"""Strict checks 报文检查 of what the centre sends; the first fault found is named in the answer."""

from __future__ import annotations

import re
from datetime import datetime

from sandbox.settlement_node.credentials import Credentials

_YUAN = re.compile(r"(0|[1-9]\d{0,12})\.\d\d", re.ASCII)
_NEEDED = {
    "SettleType": r"[123]",
    "BusType": r"0[1-9]|1\d|20",
    "DeAcctNo": r"\d{8,32}",
    "DeAcctName": r".{1,60}",
    "DeAcctClass": r"2",
    "CapAmt": _YUAN.pattern,
    "CrAcctNo": r"\d{8,32}",
    "CrAcctName": r"\S.{0,59}",
    "CrAcctClass": r"[12]",
    "CrBankClass": r"[01]",
    "Amt": _YUAN.pattern,
    "RefSeqNo1": r"\d{15}",
    "Summary": r".{1,60}",
    "Remark": r".{1,60}",
}


class Refused(Exception):
    """The message is not acceptable; nothing happened."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def check_head(head: dict[str, str], who: Credentials) -> None:
    expected = {
        "TxUnitNo": who.tx_unit_no,
        "SendNode": who.node,
        "CustNo": who.cust_no,
        "OperNo": who.oper_no,
    }
    for name, value in expected.items():
        if head.get(name) != value:
            raise Refused("E2001", f"报文头 {name} 不符")
    if head.get("ReceiveNode") not in (who.settlement_node, who.bank_node):
        raise Refused("E2001", "报文头 ReceiveNode 不符")
    if not re.fullmatch(r"[0-9]{1,32}", head.get("SendSeqNo", "")):
        raise Refused("E2001", "报文头 SendSeqNo 不符")
    check_moment(head.get("SendDate", ""), head.get("SendTime", ""))


def check_moment(day: str, time: str = "000000") -> None:
    if not re.fullmatch(r"[0-9]{8}", day) or not re.fullmatch(r"[0-9]{6}", time):
        raise Refused("E2001", "日期或时间不符")
    try:
        datetime.strptime(day + time + "+0800", "%Y%m%d%H%M%S%z")
    except ValueError:
        raise Refused("E2001", "日期或时间不符") from None


def check_payment(body: dict[str, str], who: Credentials) -> None:
    for name, pattern in _NEEDED.items():
        if not re.fullmatch(pattern, body.get(name, ""), re.ASCII):
            raise Refused("E2002", f"字段 {name} 缺少或不符")
    if (body["DeAcctNo"], body["DeAcctName"]) != (who.pay_account_no, who.pay_account_name):
        raise Refused("E2003", "付方账号户名不符")
    _check_amounts(body)
    _check_bank(body)


def _check_amounts(body: dict[str, str]) -> None:
    interest = body.get("IntAmt", "") or "0.00"
    if not _YUAN.fullmatch(interest) or fen(body["Amt"]) <= 0:
        raise Refused("E2004", "金额不符")
    if fen(body["CapAmt"]) + fen(interest) != fen(body["Amt"]):
        raise Refused("E2004", "本金利息之和不等于总额")
    if fen(interest) and not all(
        body.get(name) for name in ("DeIntAcctNo", "DeIntAcctName", "DeIntAcctClass")
    ):
        raise Refused("E2002", "有利息而缺少付息账户")


def _check_bank(body: dict[str, str]) -> None:
    other_bank = body["CrBankClass"] == "1"
    if other_bank == (body["SettleType"] == "1"):
        raise Refused("E2005", "结算类型与收方行别不符")
    if other_bank and not re.fullmatch(r"[0-9]{12}", body.get("CrChgNo", "")):
        raise Refused("E2005", "跨行缺少联行号")


def fen(yuan: str) -> int:
    return int(yuan.replace(".", ""))
