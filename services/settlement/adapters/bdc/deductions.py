"""Deductions 贷款扣款 over the BDC wire: BDC105, asked after by BDC110."""

from __future__ import annotations

from datetime import date

from services.core.clock import Clock
from services.core.money import yuan_plain
from services.settlement.adapters.bdc import verdicts
from services.settlement.adapters.bdc.config import BdcConfig
from services.settlement.adapters.bdc.errors import NoAnswer, NothingSent
from services.settlement.adapters.bdc.link import Link
from services.settlement.adapters.bdc.messages import INSTRUCTION_NO, PRIVATE, PUBLIC, bank_text, request_head
from services.settlement.adapters.bdc.node import BdcSettlementNode
from services.settlement.adapters.bdc.xml import Message
from services.settlement.deductions.ports import DeductionOrder
from services.settlement.ports import PayReply, QueryReply

LOAN_DEDUCTION = "05"
"""BusType 贷款扣款."""


def deduction(config: BdcConfig, clock: Clock, order: DeductionOrder) -> Message:
    """BDC105 under the order's own date and number."""
    _check(order)
    head = request_head(config, clock, "BDC105", order.instruction_no, config.bank_node)
    head["SendDate"] = f"{order.sent_on:%Y%m%d}"
    kind = {"SettleType": order.settle_type, "BusType": LOAN_DEDUCTION}
    return Message(head, {**kind, **_payer(config, order), **_sums(order), **_centre(config, order)})


def _check(order: DeductionOrder) -> None:
    if not INSTRUCTION_NO.fullmatch(order.instruction_no):
        raise NothingSent("order.number")
    parts = (order.principal_fen, order.interest_fen, order.penalty_fen)
    if min(parts) < 0 or order.amount_fen <= 0 or sum(parts) != order.amount_fen:
        raise NothingSent("order.amount")


def _payer(config: BdcConfig, order: DeductionOrder) -> dict[str, str]:
    fields = {
        "DeAcctNo": order.payer_account_no,
        "DeAcctName": bank_text(config, order.payer_name),
        "DeAcctClass": PRIVATE,
        "DeBankClass": "0" if order.same_bank else "1",
        "DeBankName": order.payer_bank_name,
    }
    return fields if order.same_bank else {**fields, "DeChgNo": order.interbank_no}


def _sums(order: DeductionOrder) -> dict[str, str]:
    return {
        "CapAmt": yuan_plain(order.principal_fen),
        "IntAmt": yuan_plain(order.interest_fen),
        "PenAmt": yuan_plain(order.penalty_fen),
        "FineAmt": yuan_plain(0),
        "Amt": yuan_plain(order.amount_fen),
    }


def _centre(config: BdcConfig, order: DeductionOrder) -> dict[str, str]:
    return {
        "CrAcctNo": config.pay_account_no,
        "CrAcctName": config.pay_account_name,
        "CrAcctClass": PUBLIC,
        "RefAcctNo": order.loan_no,
        "RefSeqNo1": order.instruction_no,
        "Summary": bank_text(config, order.summary),
        "Remark": order.instruction_no,
    }


class BdcDeductions:
    """Implements `services.settlement.deductions.ports.DeductionNode`; safe for several threads and processes."""

    def __init__(self, config: BdcConfig, clock: Clock, node: BdcSettlementNode) -> None:
        self._config, self._clock, self._node = config, clock, node
        self._link = Link(config, clock)

    def deduct(self, order: DeductionOrder) -> PayReply:
        """Send one BDC105 and say what is certain about it."""
        try:
            answer = self._link.ask(deduction(self._config, self._clock, order))
        except (NothingSent, NoAnswer) as fault:
            return verdicts.pay_failure(fault)
        return verdicts.pay_reply(answer, self._config.undecided_codes)

    def query(self, instruction_no: str, sent_on: date) -> QueryReply:
        """Ask BDC110, as for a payment."""
        return self._node.query(instruction_no, sent_on)

    def business_day(self) -> date:
        """SYS600, as for a payment."""
        return self._node.business_day()
