"""Small stand-ins at the product's ports, steered by the test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from services.datasharing.ports import ShareAnswer, ShareRequest
from services.face.engine.types import Frame, Prompt, Verdict
from services.notices.ports import Fate, OutgoingNotice, Submitted
from services.settlement.deductions.ports import DeductionOrder
from services.settlement.ports import AccountChange, PaymentOrder, PayReply, QueryReply
from wechat.oauth import CodeRefused

AS_OF = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


class FakeSharing:
    """The exchange: unmarried, no home in the city, cards fit, unless told otherwise (by "service" or "service id_no")."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ShareRequest]] = []
        self.answers: dict[str, tuple[Any, Mapping[str, Any]]] = {}
        self.reset()

    def reset(self) -> None:
        """Everything as at the start."""
        self.asked.clear()
        self.answers = {
            "civil.marriage": ("ok", {"status": "10", "spouse": None}),
            "estate.ownership": ("ok", {"houses": []}),
            "police.photo": ("ok", {"photo_base64": "/9j/4AAQ"}),
            "bank.card_check": (
                "ok",
                {"matched": True, "reason": None, "bank_code": "105000", "bank_name": "建设银行"},
            ),
            "housing.contract": ("ok", {"contracts": []}),
            "tax.deed": ("ok", {"deeds": []}),
            "elevator.filing": ("ok", {"filings": []}),
            "credit.loan": ("ok", {"loans": []}),
            "property.bill": ("ok", {"bills": []}),
            "social.status": ("ok", {"status": "employed"}),
            "police.household": ("ok", {"city_code": "430200"}),
        }

    def ask(self, service: str, request: ShareRequest) -> ShareAnswer:
        """SharingGateway."""
        self.asked.append((service, request))
        status, data = self.answers.get(f"{service} {request.id_no}", self.answers.get(service))
        return ShareAnswer(status, AS_OF, data)


class FakeOAuth:
    """WeChat's web authorisation: a code belongs to one user and serves once."""

    def __init__(self) -> None:
        self.codes: dict[str, str | Exception] = {}

    def authorize_url(self, redirect_uri: str, state: str) -> str:
        """Where the browser goes; the test reads the state from it."""
        return (
            f"https://open.weixin.qq.com/connect/oauth2/authorize?redirect_uri={redirect_uri}&state={state}"
        )

    def openid_for(self, code: str) -> str:
        """The user behind a code."""
        found = self.codes.pop(code, None)
        if isinstance(found, Exception):
            raise found
        if found is None:
            raise CodeRefused
        return found


@dataclass
class FakeNode:
    """A bank that pays what it accepts; `on_pay` may say something else, or play a crash."""

    day: date = date(2026, 11, 23)
    on_pay: Callable[[PaymentOrder], PayReply] | None = None
    on_query: QueryReply | None = None
    on_deduct: Callable[[DeductionOrder], PayReply] | None = None
    sent: list[PaymentOrder] = field(default_factory=list)
    deducted: list[DeductionOrder] = field(default_factory=list)
    queried: list[str] = field(default_factory=list)
    changes: list[AccountChange] = field(default_factory=list)

    def pay(self, order: PaymentOrder) -> PayReply:
        """BDC101."""
        self.sent.append(order)
        if self.on_pay is not None:
            return self.on_pay(order)
        return PayReply("accepted", "00000", "", f"H{order.instruction_no}")

    def deduct(self, order: DeductionOrder) -> PayReply:
        """BDC105."""
        self.deducted.append(order)
        if self.on_deduct is not None:
            return self.on_deduct(order)
        return PayReply("accepted", "00000", "", f"K{order.instruction_no}")

    def query(self, instruction_no: str, sent_on: date) -> QueryReply:
        """BDC110."""
        self.queried.append(instruction_no)
        return self.on_query or QueryReply("pending", None, "", "")

    def statement(self, day: date) -> list[AccountChange]:
        """BDC113."""
        return [change for change in self.changes if change.day == day]

    def business_day(self) -> date:
        """The bank's own day."""
        return self.day

    def sending_day(self) -> date:
        """As an answer of a moment ago said it."""
        return self.business_day()


def movement(
    order: PaymentOrder,
    *,
    direction: str = "debit",
    amount_fen: int | None = None,
    host_seq_no: str | None = None,
    day: date | None = None,
) -> AccountChange:
    """The account movement an order leads to, or its return."""
    return AccountChange(
        account_no="43001500000000000001",
        host_seq_no=host_seq_no or f"H{order.instruction_no}",
        tx_code="BDC101",
        counter_account_no=order.payee_account_no,
        counter_name=order.payee_name,
        amount_fen=order.amount_fen if amount_fen is None else amount_fen,
        direction=direction,  # type: ignore[arg-type]
        day=day or order.sent_on,
        time="100000",
        balance_fen=0,
        summary=f"租房提取{order.instruction_no}",
        remark="",
        reversal=False,
        pen_no="1",
        raw="<row/>",
    )


def collected(order: DeductionOrder, *, direction: str = "credit", **changes: Any) -> AccountChange:
    """The movement a deduction leads to, or its reversal."""
    change = AccountChange(
        account_no="43001500000000000001",
        host_seq_no=f"{'K' if direction == 'credit' else 'Z'}{order.instruction_no}",
        tx_code="BDC105",
        counter_account_no=order.payer_account_no,
        counter_name=order.payer_name,
        amount_fen=order.amount_fen,
        direction=direction,  # type: ignore[arg-type]
        day=order.sent_on,
        time="100000",
        balance_fen=0,
        summary=order.summary,
        remark=order.instruction_no,
        reversal=False,
        pen_no="1",
        raw="<row/>",
    )
    return replace(change, **changes)


class FakeChannel:
    """A way to reach a member that does what the test says: a reference, or an exception."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.sent: list[OutgoingNotice] = []
        self.looked_up: list[str] = []
        self.script: list[BaseException | str] = []
        self.fate: Fate = "unknown"
        self.before_return: Callable[[OutgoingNotice, str], None] | None = None

    def reset(self) -> None:
        """Everything as at the start."""
        self.__init__(self.name)  # type: ignore[misc]

    def send(self, notice: OutgoingNotice) -> Submitted:
        """Channel."""
        self.sent.append(notice)
        step = self.script.pop(0) if self.script else f"{self.name}-{notice.intent_id}"
        if isinstance(step, BaseException):
            raise step
        if self.before_return is not None:
            self.before_return(notice, step)
        return Submitted(self.name, step)

    def look_up(self, notice: OutgoingNotice, provider_ref: str | None, sent_at: datetime) -> Fate:
        """Channel."""
        self.looked_up.append(notice.intent_id)
        return self.fate


class FakeJudge:
    """A judge with a fixed verdict."""

    def __init__(self) -> None:
        self.verdict = Verdict(True, (), {"match": 0.9}, {"matcher": "fake"}, ())
        self.seen: list[Sequence[Frame]] = []

    def judge(self, frames: Sequence[Frame], prompts: Sequence[Prompt], reference_jpeg: bytes) -> Verdict:
        """Judge."""
        self.seen.append(frames)
        return self.verdict
