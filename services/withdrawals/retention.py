"""Retention of addresses 网络地址保存期限: from where a payment was confirmed is forgotten after three years."""

from datetime import timedelta

from services.core.retention_rules import Forget
from services.withdrawals.models import RiskDecision

ADDRESSES = Forget(
    "risk_decision.address",
    key=(RiskDecision.account_id, RiskDecision.decision_id),
    since=RiskDecision.decided_at,
    kept=RiskDecision.address_sealed.is_not(None),
    empties=("address_sealed", "address_mac"),
    life=timedelta(days=3 * 365),
)
"""Of old confirmations; the decision itself stays, and so does its digest in the case's evidence."""
