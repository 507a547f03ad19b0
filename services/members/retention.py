"""Retention of former phone numbers 原手机号保存期限: gone with the last notice to them, after three days at the latest."""

from datetime import timedelta

from services.core.retention_rules import Forget
from services.members.models import PhoneChange

FORMER_PHONES = Forget(
    "phone_change",
    key=(PhoneChange.account_id, PhoneChange.application_id),
    since=PhoneChange.changed_at,
    kept=PhoneChange.former_sealed.is_not(None),
    empties=("former_sealed",),
    life=timedelta(days=3),
)
"""Former numbers that no notice has taken; the change itself stays on record."""
