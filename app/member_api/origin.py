"""Origin of a request 来源: channel and address, as what a confirmation rested on."""

from __future__ import annotations

from flask import g

from app.http.rate_limit import client_address
from app.ports import Ports
from services.withdrawals.origin import ADDRESS_CONTEXT, Origin


def origin_here(own: Ports) -> Origin:
    """From where the present request comes; an address of version 6 counts with its /64."""
    address = client_address()
    mac = own.cipher.look_up(address, ADDRESS_CONTEXT)
    return Origin(g.principal.channel, mac, own.cipher.seal(address, ADDRESS_CONTEXT))
