"""Origin 来源: from where a confirmation was asked for; the address only as a keyed value and sealed."""

from __future__ import annotations

from dataclasses import dataclass

ADDRESS_CONTEXT = "risk_decision.address"


@dataclass(frozen=True, slots=True)
class Origin:
    """Channel of the session, and the caller's address: to compare it, and to open it in a dispute."""

    channel: str
    address_mac: bytes
    address_sealed: bytes
