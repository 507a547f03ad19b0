"""Figures of agreements and deductions 约定与扣款指标: what fails again and again, what came in and is not booked."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select

from app.ports import Ports
from services.agreements.models import LoanAgreement
from services.core.db import transaction
from services.core.scope import across_members
from services.settlement.deductions.models import Deduction


def loan_figures_text(ports: Ports) -> bytes:
    """Three gauges, read when asked; each is an alarm above zero but for deductions under way."""
    registry = CollectorRegistry()
    with across_members(), transaction(ports.sessions) as session:
        failing = session.scalar(
            select(func.count())
            .select_from(LoanAgreement)
            .where(LoanAgreement.state == "active", LoanAgreement.attempts > 0)
        )
        counts = session.execute(
            select(Deduction.state, func.count())
            .where(Deduction.state.in_(("unbooked", "unknown")))
            .group_by(Deduction.state)
        )
        states = {row[0]: row[1] for row in counts}
    for name, text, value in (
        ("anju_agreements_failing", "Agreements whose last run failed unexpectedly", failing),
        ("anju_deductions_unbooked", "Collected from a card and not booked", states.get("unbooked")),
        ("anju_deductions_unknown", "Deductions whose fate is being asked for", states.get("unknown")),
    ):
        Gauge(name, text, registry=registry).set(value or 0)
    return generate_latest(registry)
