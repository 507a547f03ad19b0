"""Taking in 收讯: a message has its effect once, however often it comes, and every copy gets the same answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from wechat.callbacks import CallbackMessage
from wechat.config import CallbackConfig
from wechat.replay_store import ReplayStore
from wechat.replies import Reply, encrypted_reply, signed_reply

NOTHING = "success"
Handle = Callable[[CallbackMessage], Reply | None]


def take_in(
    message: CallbackMessage, seen: ReplayStore, config: CallbackConfig, now: datetime, handle: Handle
) -> str:
    """The body to answer with. Effect, marks and answer stand or fall with the caller's transaction."""
    fresh = seen.first_time(message.identity, now, message.seal)
    encrypted = _first(message, seen, config, now, handle) if fresh else seen.answer_of(message.identity)
    return signed_reply(encrypted, config, message.nonce, now) if encrypted else NOTHING


def _first(
    message: CallbackMessage, seen: ReplayStore, config: CallbackConfig, now: datetime, handle: Handle
) -> str | None:
    reply = handle(message)
    if reply is None:
        return None
    encrypted = encrypted_reply(reply, message.openid, config, now)
    seen.keep_answer(message.identity, encrypted)
    return encrypted
