"""Metrics 指标 of notices: how each ended, what is held back, what SMS cost."""

from __future__ import annotations

from prometheus_client import Counter

ENDS = Counter("anju_notices_total", "Notices that came to an end", ("topic", "channel", "fate"))
HELD = Counter("anju_notices_held_total", "Notices held back for a while", ("topic", "why"))
FELL_BACK = Counter("anju_notices_fell_back_total", "Notices told on another channel", ("topic", "channel"))
SPENT = Counter("anju_notices_sms_fen_total", "Estimated cost of SMS in fen")
OVER_BUDGET = Counter("anju_notices_over_budget_total", "SMS held since the day's budget is spent: an alarm")


def count_end(topic: str, channel: str, fate: str) -> None:
    """One notice came to its end."""
    ENDS.labels(topic, channel, fate).inc()
