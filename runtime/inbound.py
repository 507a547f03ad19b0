"""Inbound 来信和回执: what WeChat and the SMS gateways push to us, handed to the conversation and to the notices."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from services.applications.service import applications_of
from services.core.crypto import FieldCipher
from services.core.money import yuan_text
from services.items.engine import state_table
from services.ledger.queries import balance_of
from services.members.binding import binding_of_openid
from services.notices.adapters.sms_receipts import DeliveryReceipt
from services.notices.service import Notices, Receipt
from wechat.callbacks import CallbackMessage
from wechat.conversation import answer
from wechat.replies import ChatFacts, Reply


class Inbound:
    """Handlers of the webhooks, in the caller's transaction."""

    def __init__(self, cipher: FieldCipher, notices: Notices, public_base_url: str) -> None:
        self._cipher = cipher
        self._notices = notices
        self._public_base_url = public_base_url

    def on_wechat_message(self, session: Session, message: CallbackMessage) -> Reply | None:
        """Take in a message or event once; the answer, or None for silence."""
        fields = message.fields
        if fields.get("Event") == "TEMPLATESENDJOBFINISH":
            status = str(fields.get("Status", ""))
            fault = None if status == "success" else status
            self._notices.receive(
                session, Receipt("wechat", str(fields.get("MsgID", "")), status == "success", fault)
            )
            return None
        return answer(message, lambda openid: self._chat_facts(session, openid), self._public_base_url)

    def on_sms_receipts(self, session: Session, receipts: Sequence[DeliveryReceipt]) -> None:
        """Take in receipts; those already known change nothing."""
        for receipt in receipts:
            fault = None if receipt.delivered else receipt.code
            self._notices.receive(
                session, Receipt("sms", receipt.reference, receipt.delivered, fault, receipt.intent_id)
            )

    def _chat_facts(self, session: Session, openid: str) -> ChatFacts | None:
        binding = binding_of_openid(session, self._cipher, openid)
        if binding is None:
            return None
        balance = balance_of(session, binding.account_id)
        live = [
            a
            for a in applications_of(session, binding.account_id, limit=5)
            if a.state not in state_table(a).terminal
        ]
        progress = "；".join(f"{a.quote['item_name']}{state_table(a).labels[a.state]}" for a in live)
        return ChatFacts(
            balance=f"账户余额 {yuan_text(balance.balance_fen)} 元。",
            progress=f"{progress}。" if progress else "",
        )
