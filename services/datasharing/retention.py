"""Retention of answers 数据共享答复保存期限: what a register answered serves ten minutes, and goes after a day."""

from datetime import timedelta

from services.core.retention_rules import Forget
from services.datasharing.models import ShareCall

ANSWERS = Forget(
    "share_call.data",
    key=(ShareCall.account_id, ShareCall.call_id),
    since=ShareCall.asked_at,
    kept=ShareCall.data_sealed.is_not(None),
    empties=("data_sealed",),
    life=timedelta(days=1),
)
"""That it was asked, why and under which consent stays; what a case was judged by is stored with the case."""
