"""Conversation 对话: one incoming message and the answer to it."""

from __future__ import annotations

from collections.abc import Callable

from wechat.callbacks import CallbackMessage
from wechat.inbound import Intent, intent_of
from wechat.replies import Facts, Reply, reply_to


def answer(
    message: CallbackMessage, facts_of: Callable[[str], Facts | None], public_base_url: str
) -> Reply | None:
    """The reply, or None for silence; `facts_of` gives None for an openid without an active binding."""
    intent = intent_of(message)
    if intent is Intent.SILENT:
        return None
    return reply_to(intent, facts_of(message.openid), public_base_url)
