"""Requests 请求报文: the head every message carries and the bodies of those we send."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import date

from services.core.clock import SHANGHAI, Clock
from services.core.money import yuan_plain
from services.settlement.adapters.bdc.config import BdcConfig
from services.settlement.adapters.bdc.errors import NothingSent
from services.settlement.adapters.bdc.xml import Message
from services.settlement.ports import PaymentOrder

PRIVATE, PUBLIC = "1", "2"  # account class 账户类别: 对私, 对公
CURRENCY, CASH = "156", "1"
INSTRUCTION_NO = re.compile("[0-9]{15}")


def fresh_seq_no() -> str:
    """A number for a message that moves no money: 15 digits under module 00, which no case number has."""
    return f"00{secrets.randbelow(10**13):013d}"


def request_head(config: BdcConfig, clock: Clock, tx_code: str, seq_no: str, receiver: str) -> dict[str, str]:
    """Head fields of a request, dated by the clock."""
    local = clock.now().astimezone(SHANGHAI)
    return {
        "SendDate": f"{local:%Y%m%d}",
        "SendTime": f"{local:%H%M%S}",
        "SendSeqNo": seq_no,
        "TxUnitNo": config.tx_unit_no,
        "SendNode": config.node,
        "TxCode": tx_code,
        "ReceiveNode": receiver,
        "CustNo": config.cust_no,
        "OperNo": config.oper_no,
    }


def to_bank(config: BdcConfig, clock: Clock, tx_code: str, body: Mapping[str, str]) -> Message:
    """A question to the bank that keeps our account, under a fresh number."""
    return Message(request_head(config, clock, tx_code, fresh_seq_no(), config.bank_node), body)


def to_settlement(config: BdcConfig, clock: Clock, tx_code: str, body: Mapping[str, str]) -> Message:
    """A message to the settlement system itself (sign-on, sign-off, probe)."""
    return Message(request_head(config, clock, tx_code, fresh_seq_no(), config.settlement_node), body)


def payment(config: BdcConfig, clock: Clock, order: PaymentOrder) -> Message:
    """BDC101 单笔付款 under the instruction's own date and number."""
    _check(order)
    head = request_head(config, clock, "BDC101", order.instruction_no, config.bank_node)
    head["SendDate"] = f"{order.sent_on:%Y%m%d}"
    payer, payee = _payer(config, order), _payee(config, order)
    return Message(head, {**_kind(order), **payer, **payee, **_reference(config, order)})


def _check(order: PaymentOrder) -> None:
    if not INSTRUCTION_NO.fullmatch(order.instruction_no):
        raise NothingSent("order.number")
    parts = (order.capital_fen, order.interest_fen)
    if min(parts) < 0 or order.amount_fen <= 0 or sum(parts) != order.amount_fen:
        raise NothingSent("order.amount")


def _kind(order: PaymentOrder) -> dict[str, str]:
    return {"SettleType": order.settle_type, "BusType": order.bus_type}


def _payer(config: BdcConfig, order: PaymentOrder) -> dict[str, str]:
    fields = {
        "DeAcctNo": config.pay_account_no,
        "DeAcctName": config.pay_account_name,
        "DeAcctClass": PUBLIC,
        "CapAmt": yuan_plain(order.capital_fen),
    }
    if order.interest_fen:
        fields |= {
            "DeIntAcctNo": config.interest_account_no or config.pay_account_no,
            "DeIntAcctName": config.interest_account_name or config.pay_account_name,
            "DeIntAcctClass": PUBLIC,
            "DeIntCrAcct": order.payee_account_no,
        }
    return {**fields, "IntAmt": yuan_plain(order.interest_fen)}


def _payee(config: BdcConfig, order: PaymentOrder) -> dict[str, str]:
    fields = {
        "CrAcctNo": order.payee_account_no,
        "CrAcctName": bank_text(config, order.payee_name),
        "CrAcctClass": PRIVATE,
        "CrBankClass": "0" if order.same_bank else "1",
        "CrBankName": order.payee_bank_name,
    }
    return fields if order.same_bank else {**fields, "CrChgNo": order.interbank_no}


def _reference(config: BdcConfig, order: PaymentOrder) -> dict[str, str]:
    return {
        "Amt": yuan_plain(order.amount_fen),
        "RefSeqNo1": order.instruction_no,
        "Summary": bank_text(config, order.summary),
        # The bank repeats the remark in its notice: the second way to find our own payment there.
        "Remark": order.instruction_no,
    }


def bank_text(config: BdcConfig, text: str) -> str:
    """Text with the characters a bank cannot hold replaced as its register has them."""
    return "".join(config.substitutes.get(character, character) for character in text)


def outcome_query(config: BdcConfig, clock: Clock, instruction_no: str, sent_on: date) -> Message:
    """BDC110 交易结果查询."""
    return to_bank(config, clock, "BDC110", {"TxDate": f"{sent_on:%Y%m%d}", "TxSeqNo": instruction_no})


def statement_query(config: BdcConfig, clock: Clock, day: date) -> Message:
    """BDC113 账户交易明细查询 for one day of the paying account."""
    body = {**_account(config), "StartDate": f"{day:%Y%m%d}", "EndDate": f"{day:%Y%m%d}"}
    return to_bank(config, clock, "BDC113", body)


def balance_query(config: BdcConfig, clock: Clock) -> Message:
    """BDC123 活期实时余额查询."""
    return to_bank(config, clock, "BDC123", {**_account(config), "AcctType": PUBLIC})


def _account(config: BdcConfig) -> dict[str, str]:
    return {"CurrNo": CURRENCY, "CurrIden": CASH, "AcctNo": config.pay_account_no}
