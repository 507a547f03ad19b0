"""Figures of face data 人脸数据指标: how old the oldest frame is, whether retention ran, how many people are held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from app.ports import Ports
from services.core.db import transaction
from services.core.retention import RetentionRun, Standing
from services.core.scope import across_members
from services.face.rights import People, people_counted

FRAME_LIMIT_S = 600
_COUNT_EVERY_S = 60.0


@dataclass(eq=False)
class FaceFigures(Collector):
    """Read from the database when asked; people are counted once a minute at most."""

    ports: Ports
    _people: People | None = None
    _counted_s: float = 0.0

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges."""
        now = self.ports.clock.now()
        with across_members(), transaction(self.ports.sessions) as session:
            found = self.ports.retention(session, now)
            if self._people is None or monotonic() - self._counted_s > _COUNT_EVERY_S:
                self._people, self._counted_s = people_counted(session), monotonic()
        yield from _retention(found, now)
        yield from self._numbers(self._people)

    def _numbers(self, people: People) -> Iterator[GaugeMetricFamily]:
        alarm = self.ports.settings.face_people_alarm
        gauge = GaugeMetricFamily("anju_face_people", "People whose face data is held", labels=["kind"])
        gauge.add_metric(["template"], people.with_template)
        gauge.add_metric(["any"], people.with_face_data)
        yield gauge
        yield GaugeMetricFamily(
            "anju_face_people_alarm", "People from which the centre must file", value=alarm
        )
        reached = 0 < alarm <= people.with_face_data
        yield GaugeMetricFamily("anju_face_people_reached", "1 when the alarm is reached", value=int(reached))


def _retention(found: Standing, now: datetime) -> Iterator[GaugeMetricFamily]:
    yield GaugeMetricFamily(
        "anju_face_oldest_frame_seconds", "Age of the oldest stored frame", value=found.oldest_frame_s
    )
    yield GaugeMetricFamily("anju_face_frame_limit_seconds", "Longest a frame may lie", value=FRAME_LIMIT_S)
    age = GaugeMetricFamily(
        "anju_retention_age_seconds", "Since the last run of a category", labels=["category"]
    )
    alarm = GaugeMetricFamily(
        "anju_retention_alarm", "1 when a category has not run or holds too old rows", labels=["category"]
    )
    for category, last in found.last.items():
        if last is not None:
            age.add_metric([category], _age_s(last, now))
        alarm.add_metric([category], int(category in found.faults))
    yield from (age, alarm)


def _age_s(last: RetentionRun, now: datetime) -> float:
    return (now - last.started_at).total_seconds()


def face_figures_text(figures: FaceFigures) -> bytes:
    """The gauges as Prometheus text, apart from the processes' own counters."""
    registry = CollectorRegistry()
    registry.register(figures)
    return generate_latest(registry)
