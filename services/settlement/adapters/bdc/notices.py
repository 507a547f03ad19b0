"""Notice stream 账户变动通知: SBDC100 over a second connection that we open, hold and acknowledge on."""

from __future__ import annotations

import logging
import secrets
import select
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from threading import Event

from services.core.clock import Clock
from services.settlement.adapters.bdc.cipher import SessionCipher
from services.settlement.adapters.bdc.config import BdcConfig
from services.settlement.adapters.bdc.errors import BadFrame, BadMessage, BdcError
from services.settlement.adapters.bdc.frames import SEALED, STATEMENT_LIMIT, Frame, encode, read_frame
from services.settlement.adapters.bdc.letter_words import PUSHED, news_of
from services.settlement.adapters.bdc.messages import request_head, to_settlement
from services.settlement.adapters.bdc.rows import changes_of
from services.settlement.adapters.bdc.session import OK, SignOn, connect
from services.settlement.adapters.bdc.xml import Message, build, parse
from services.settlement.letters import NewsTaker
from services.settlement.ports import AccountChange

OnChanges = Callable[[Sequence[AccountChange]], None]
UNREADABLE = "E9001"
_GLANCE_S = 0.25  # how often a quiet connection looks at the stop event

_log = logging.getLogger(__name__)


class BdcNoticeStream:
    """Implements `services.settlement.ports.NoticeStream`. Duplicates are passed on as they come."""

    def __init__(self, config: BdcConfig, clock: Clock, on_news: NewsTaker | None = None) -> None:
        self._config, self._clock, self._on_news = config, clock, on_news
        self._cipher = SessionCipher(config.cipher)
        self._sign_on = SignOn(config, clock, self._cipher)

    def run(self, on_changes: OnChanges, stop: Event) -> None:
        """Deliver notices until `stop` is set, connecting again with back-off after any trouble."""
        pause_s = self._config.backoff_min_s
        while not stop.is_set():
            try:
                with closing(connect(self._config, self._config.notice_port)) as sock:
                    key = self._sign_on.over(sock)
                    pause_s = self._config.backoff_min_s
                    held = _Held(self._config, self._clock, self._cipher, sock, key, self._on_news)
                    held.serve(on_changes, stop)
            except (BdcError, OSError) as fault:
                _log.warning("notice connection lost: %s", getattr(fault, "code", type(fault).__name__))
            except Exception:
                # Not acknowledged, so the node sends it again; the text may hold names and is not logged.
                _log.error("a notice was not taken up and stays unacknowledged")
            stop.wait(pause_s * (1 + secrets.randbelow(250) / 1000))
            pause_s = min(pause_s * 2, self._config.backoff_max_s)


class _Held:
    """One signed-on notice connection, for as long as it lasts."""

    def __init__(
        self,
        config: BdcConfig,
        clock: Clock,
        cipher: SessionCipher,
        sock: socket.socket,
        key: bytes,
        on_news: NewsTaker | None,
    ) -> None:
        self._config, self._clock, self._cipher, self._on_news = config, clock, cipher, on_news
        self._sock, self._key = sock, key
        self._heard_at = time.monotonic()
        self._probed = False

    def serve(self, on_changes: OnChanges, stop: Event) -> None:
        """Read and acknowledge until `stop` or trouble."""
        while not stop.is_set():
            readable, _, _ = select.select([self._sock], [], [], _GLANCE_S)
            if readable:
                self._take(on_changes)
            else:
                self._keep_alive()

    def _take(self, on_changes: OnChanges) -> None:
        frame = read_frame(self._sock, time.monotonic() + self._config.read_timeout_s, STATEMENT_LIMIT)
        self._heard_at, self._probed = time.monotonic(), False
        if frame.flag != SEALED or frame.node != self._config.settlement_node:
            raise BadFrame("frame.head")
        message = parse(self._cipher.decrypt(self._key, frame.payload))
        if message.head.get("TxCode") == "SBDC100":
            self._deliver(message, on_changes)
        elif message.head.get("TxCode") in PUSHED:
            self._deliver_letter(message)

    def _deliver(self, message: Message, on_changes: OnChanges) -> None:
        try:
            changes = changes_of(message)
        except BadMessage as fault:
            # Refused rather than left unanswered: sent again it would stop every notice behind it. The
            # movement is still found by BDC113.
            _log.error("a notice could not be read and was refused: %s", fault.code)
            self._acknowledge(message, "1", UNREADABLE)
            return
        ours = [change for change in changes if change.account_no == self._config.pay_account_no]
        if len(ours) < len(changes):
            _log.warning("%d movements of another account were passed over", len(changes) - len(ours))
        on_changes(ours)
        self._acknowledge(message, "0", OK)

    def _deliver_letter(self, message: Message) -> None:
        try:
            news = news_of(message.head["TxCode"], message.body)
        except BadMessage as fault:
            # As with movements: what it says is still found by BDC904.
            _log.error("a letter could not be read and was refused: %s", fault.code)
            self._acknowledge(message, "1", UNREADABLE)
            return
        if self._on_news is not None:
            self._on_news([news])
        self._acknowledge(message, "0", OK)

    def _acknowledge(self, notice: Message, status: str, code: str) -> None:
        head = request_head(
            self._config,
            self._clock,
            notice.head.get("TxCode", ""),
            notice.head.get("SendSeqNo", ""),
            self._config.settlement_node,
        )
        head |= {"ReceiveSeqNo": notice.head.get("SendSeqNo", ""), "TxStatus": status, "RtnCode": code}
        self._send(Message(head))

    def _keep_alive(self) -> None:
        quiet_s = time.monotonic() - self._heard_at
        if self._probed and quiet_s > self._config.heartbeat_s + self._config.read_timeout_s:
            raise BadFrame("notice.silent")
        if not self._probed and quiet_s > self._config.heartbeat_s:
            self._send(to_settlement(self._config, self._clock, "SYS600", {}))
            self._probed = True

    def _send(self, message: Message) -> None:
        self._sock.settimeout(self._config.read_timeout_s)
        secret = self._cipher.encrypt(self._key, build(message))
        self._sock.sendall(encode(Frame(self._config.node, SEALED, secret)))
