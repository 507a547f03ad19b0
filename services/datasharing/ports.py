"""Port to the data-sharing exchange 数据共享交换平台."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

ShareStatus = Literal["ok", "not_found", "unavailable"]


@dataclass(frozen=True, slots=True)
class ShareRequest:
    """One question about one person, bound to a case and a consent."""

    request_id: str
    case_id: str
    purpose: str
    consent_id: str
    name: str
    id_no: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ShareAnswer:
    """What the other side said, and as of when."""

    status: ShareStatus
    as_of: datetime
    data: Mapping[str, Any]


class SharingGateway(Protocol):
    """Asks one service; trouble on the way is the answer `unavailable`, never an exception."""

    def ask(self, service: str, request: ShareRequest) -> ShareAnswer:
        """Ask `service` (e.g. "estate.ownership") and return its answer."""
        ...
