"""Job that draws certificates 证明生成任务."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from services.certificates.service import QUEUE, Certificates, defer_draw, undrawn_since
from services.core.clock import Clock
from services.core.db import Sessions, transaction
from services.core.jobs import Job


class CertificateJobs:
    """Handlers of the certificate queue."""

    def __init__(
        self, sessions: Sessions, clock: Clock, certificates: Certificates, *, grace: timedelta
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._certificates = certificates
        self._grace = grace

    def jobs(self) -> list[Job]:
        """What the default queue can do for certificates."""
        return [Job("certificates.draw", QUEUE, self.draw)]

    def draw(self, account_id: str, certificate_id: str) -> None:
        """Draw one file."""
        with transaction(self._sessions) as session:
            self._certificates.draw(session, UUID(account_id), UUID(certificate_id))

    def take_up(self) -> int:
        """Plan again what a crash left undrawn."""
        with transaction(self._sessions) as session:
            missing = undrawn_since(session, self._clock.now() - self._grace)
            for certificate in missing:
                defer_draw(session, certificate)
        return len(missing)
