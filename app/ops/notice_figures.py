"""Figures of notices 通知指标: what waits, and what SMS cost today; read from the database when asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from app.ports import Ports
from services.core.clock import shanghai_day
from services.core.db import transaction
from services.core.scope import across_members
from services.notices.models import NoticeIntent
from services.notices.spending import spent_on


@dataclass(eq=False)
class NoticeFigures(Collector):
    """Intents that are not at their end have `due_at`, which is indexed."""

    ports: Ports

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges."""
        waiting = GaugeMetricFamily(
            "anju_notices_waiting", "Notices on their way or held", labels=["channel", "state", "why"]
        )
        columns = (NoticeIntent.channel, NoticeIntent.state, NoticeIntent.held_why)
        with across_members(), transaction(self.ports.sessions) as session:
            rows = session.execute(
                select(*columns, func.count().label("n"))
                .where(NoticeIntent.due_at.is_not(None))
                .group_by(*columns)
            )
            for row in rows:
                waiting.add_metric([row.channel, row.state, row.held_why or ""], row.n)
            spent = spent_on(session, shanghai_day(self.ports.clock.now()))
        yield waiting
        yield GaugeMetricFamily(
            "anju_notices_sms_fen_today", "Estimated cost of today's SMS in fen", value=spent
        )


def notice_figures_text(ports: Ports) -> bytes:
    """The gauges as Prometheus text."""
    registry = CollectorRegistry()
    registry.register(NoticeFigures(ports))
    return generate_latest(registry)
