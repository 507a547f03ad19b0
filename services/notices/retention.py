"""Retention of addresses of notices 通知去向保存期限: a number or WeChat user that was written to goes after a week."""

from datetime import timedelta

from sqlalchemy import and_

from services.core.retention_rules import Forget
from services.notices.models import NoticeIntent
from services.notices.states import ENDED

RECIPIENTS = Forget(
    "notice_intent.recipient",
    key=(NoticeIntent.account_id, NoticeIntent.intent_id),
    since=NoticeIntent.updated_at,
    kept=and_(NoticeIntent.recipient_sealed.is_not(None), NoticeIntent.state.in_(sorted(ENDED))),
    empties=("recipient_sealed",),
    life=timedelta(days=7),
)
"""Of notices that ended, when receipts come no more (72 hours, notice.receipt_hours); the notice and its fate stay."""
