"""Duties 后台职责: which jobs a queue does, and what it looks after every few seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from runtime.bootstrap import Product
from runtime.retention import Retention
from services.closing.telling import InterestTelling
from services.core.jobs import Job
from services.counter.moving import CounterTending
from services.evidence.writing import EvidenceWriting
from services.items.jobs import ApplicationTending
from services.items.locking import LockTending
from services.items.strangers import StrangerTending
from services.loans.tending import LoanTending

TakeUp = Callable[[], int]
BESIDE = {"notices": ("codes",)}
"""Queues a worker empties beside the one it was told. A new kind of job goes into such a queue: workers of the version
before, which run beside ours while a new one is brought out, would take it from their own and fail, not knowing it."""


def listened(queues: Sequence[str]) -> list[str]:
    """The queues a worker of these takes jobs from."""
    return [*queues, *(more for queue in queues for more in BESIDE.get(queue, ()))]


def jobs_of(product: Product, queues: Sequence[str]) -> list[Job]:
    """Every job of the given queues."""
    makers: dict[str, Callable[[], list[Job]]] = {
        "settlement": lambda: [
            *product.settlement_jobs.jobs(),
            *product.deduction_jobs.jobs(),
            *product.transfer_jobs.jobs(),
        ],
        "notices": lambda: product.notice_jobs.jobs(),
        "default": lambda: [
            *product.certificate_jobs.jobs(),
            *product.discharges.jobs(),
            *product.late_messages.jobs(),
            *product.closing.jobs(),
            *product.remittance_jobs.jobs(),
        ],
        "face": lambda: product.face_jobs.jobs(),
    }
    return [job for queue in queues for job in makers[queue]()]


def take_ups_of(product: Product, queues: Sequence[str]) -> list[TakeUp]:
    """What each queue does every few seconds to find work a crash left lying."""
    makers: dict[str, Callable[[], list[TakeUp]]] = {
        "settlement": lambda: [
            product.settlement_jobs.take_up,
            product.deduction_jobs.take_up,
            product.transfer_sweeps.take_up,
        ],
        "notices": lambda: [product.notice_jobs.take_up],
        "default": lambda: _tending(product),
        "face": lambda: [product.face_jobs.take_up],
    }
    return [take_up for queue in queues for take_up in makers[queue]()]


def _tending(product: Product) -> list[TakeUp]:
    sessions, clock, policies = product.sessions, product.clock, product.policies
    return [
        product.certificate_jobs.take_up,
        ApplicationTending(sessions, clock).expire_late,
        LockTending(sessions, clock).take_up,
        CounterTending(sessions, clock).take_up,
        StrangerTending(sessions, clock, policies).take_up,
        product.discharges.take_up,
        product.agreement_runs.take_up,
        product.card_runs.take_up,
        product.remittance_jobs.take_up,
        LoanTending(sessions, clock, policies).take_up,
        product.verifications.ask_again,
        product.closing.take_up,
        InterestTelling(sessions, clock).take_up,
        EvidenceWriting(sessions, clock, product.cipher).take_up,
        Retention(sessions, clock, people_alarm=product.settings.face_people_alarm).run,
    ]
