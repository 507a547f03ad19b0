"""Settlement node 结算节点: the port's payments, queries and statements over the BDC wire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from time import monotonic

from services.core.clock import Clock
from services.settlement.adapters.bdc import messages, verdicts
from services.settlement.adapters.bdc.config import BdcConfig
from services.settlement.adapters.bdc.errors import BadMessage, NoAnswer, NothingSent, StatementUnavailable
from services.settlement.adapters.bdc.frames import ORDINARY_LIMIT, STATEMENT_LIMIT
from services.settlement.adapters.bdc.link import Link
from services.settlement.adapters.bdc.rows import changes_of, day_of, signed_fen
from services.settlement.adapters.bdc.xml import Message
from services.settlement.ports import AccountChange, PaymentOrder, PayReply, QueryReply

_DAY_HOLDS_S = 5.0


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """Balance 余额 and usable amount 可用余额 of the paying account, and the bank's word for its state."""

    balance_fen: int
    usable_fen: int
    status: str


class BdcSettlementNode:
    """Implements `services.settlement.ports.SettlementNode`; safe for several threads and processes."""

    def __init__(self, config: BdcConfig, clock: Clock) -> None:
        self._config, self._clock = config, clock
        self._link = Link(config, clock)
        self._heard: tuple[date, float] | None = None

    def pay(self, order: PaymentOrder) -> PayReply:
        """Send one BDC101 and say what is certain about it."""
        try:
            answer = self._ask(messages.payment(self._config, self._clock, order))
        except (NothingSent, NoAnswer) as fault:
            return verdicts.pay_failure(fault)
        return verdicts.pay_reply(answer, self._config.undecided_codes)

    def query(self, instruction_no: str, sent_on: date) -> QueryReply:
        """Ask BDC110 for the fate of an instruction."""
        try:
            answer = self._ask(messages.outcome_query(self._config, self._clock, instruction_no, sent_on))
        except (NothingSent, NoAnswer) as fault:
            return verdicts.query_failure(fault)
        return verdicts.query_reply(answer)

    def statement(self, day: date) -> list[AccountChange]:
        """The day's movements by BDC113; StatementUnavailable unless every line the node counted is there."""
        answer = self._question(messages.statement_query(self._config, self._clock, day), STATEMENT_LIMIT)
        try:
            changes = changes_of(answer)
        except BadMessage as fault:
            raise StatementUnavailable(fault.code) from None
        if answer.body.get("TotalNum") != str(len(changes)):
            raise StatementUnavailable("statement.count")
        if any(change.day != day for change in changes):
            raise StatementUnavailable("statement.day")
        if any(change.account_no != self._config.pay_account_no for change in changes):
            raise StatementUnavailable("statement.account")
        return changes

    def balance(self) -> AccountBalance:
        """BDC123 活期实时余额 of the paying account."""
        body = self._question(messages.balance_query(self._config, self._clock)).body
        try:
            return AccountBalance(
                signed_fen(body.get("AcctBal", "")),
                signed_fen(body.get("AcctRestBal", "")),
                body.get("AcctStatus", ""),
            )
        except BadMessage as fault:
            raise StatementUnavailable(fault.code) from None

    def business_day(self) -> date:
        """SYS600 接口探测: whether the node is there, and the business day it is in (past days are cut off)."""
        answer = self._question(messages.to_settlement(self._config, self._clock, "SYS600", {}))
        try:
            return day_of(answer.head.get("BDCDate", ""))
        except BadMessage as fault:
            raise StatementUnavailable(fault.code) from None

    def sending_day(self) -> date:
        """The business day for what goes out now: as an answer of the last seconds said it, else asked for.

        The node refuses what comes for a day that it closed meanwhile, and its refusal says the new one.
        """
        heard = self._heard
        if heard is not None and monotonic() - heard[1] < _DAY_HOLDS_S:
            return heard[0]
        return self.business_day()

    def sign_off(self) -> None:
        """BDC002 签退: end the day's session key, for every process that uses it."""
        self._question(messages.to_settlement(self._config, self._clock, "BDC002", {}))

    def _question(self, request: Message, limit: int | None = None) -> Message:
        try:
            if limit is None:
                answer = self._ask(request)
            else:
                answer = self._ask(request, timeout_s=self._config.statement_timeout_s, limit=limit)
        except (NothingSent, NoAnswer) as fault:
            raise StatementUnavailable(fault.code) from None
        if not verdicts.is_good(answer):
            raise StatementUnavailable("answer.refused")
        return answer

    def _ask(
        self, request: Message, *, timeout_s: float | None = None, limit: int = ORDINARY_LIMIT
    ) -> Message:
        asked_at = monotonic()
        answer = self._link.ask(request, timeout_s=timeout_s, limit=limit)
        try:
            self._hear(day_of(answer.head.get("BDCDate", "")), asked_at)
        except BadMessage:
            self._heard = None
        return answer

    def _hear(self, day: date, asked_at: float) -> None:
        """A slow answer tells of the time it was asked at, maybe before a cut-off that a quicker one told of."""
        heard = self._heard
        if heard is None or day >= heard[0] or asked_at - heard[1] >= _DAY_HOLDS_S:
            self._heard = day, asked_at
