"""Bank link 银行通知: holds the connection on which the settlement node pushes account changes, and signs off at the end.

The session key is that of all processes. It stops last, so that nobody needs the key any more; where others go on, as
when only this part is brought out anew, they sign on again by themselves.
"""

from __future__ import annotations

import signal
from threading import Event

import structlog

from config.logging import configure
from config.settings import load_settings
from runtime.bootstrap import build
from runtime.garbage import leave_loaded_alone
from runtime.giving_way import give_way
from runtime.key_ring import check_at_start
from services.core.pii import scrub
from services.settlement.adapters.bdc.node import BdcSettlementNode
from services.settlement.ports import NodeUnavailable

log = structlog.get_logger(__name__)


def main() -> None:
    """Listen until told to stop; a change is acknowledged only after it is committed."""
    give_way()
    settings = load_settings()
    configure(settings.log_level, scrub)
    product = build(settings)
    check_at_start(product)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    leave_loaded_alone()
    product.notice_stream.run(product.settlement_jobs.take_changes, stop)
    sign_off(product.settlement_node)


def sign_off(node: BdcSettlementNode) -> None:
    """BDC002 签退; a node that does not answer ends the key with its day."""
    try:
        node.sign_off()
    except NodeUnavailable as fault:
        log.warning("bank.not_signed_off", fault=str(fault))
    else:
        log.info("bank.signed_off")


if __name__ == "__main__":
    main()
