"""Levels and reasons of a rating 好差评的档次与原因 (GB/T 39735, 国办发〔2019〕51号): five levels; the lower two ask why."""

from __future__ import annotations

from collections.abc import Sequence

from services.core.errors import Invalid

LEVELS = {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}
BAD = frozenset({1, 2})
REASONS = {
    "slow": "等得太久",
    "unclear": "说明看不懂",
    "papers": "要的材料太多",
    "fault": "页面出错、卡住",
    "face": "刷脸老不过",
    "staff": "工作人员态度不好",
}
"""Why it was bad, in the member's words."""


def check_reasons(level: int, reasons: Sequence[str], words: str) -> list[str]:
    """The reasons, each once. Raises Invalid for one that is not offered, or a bad rating that gives none."""
    unknown = [reason for reason in reasons if reason not in REASONS]
    if unknown:
        raise Invalid("请重新选择原因。", code="rating.reason", field="reasons")
    if level in BAD and not reasons and not words:
        raise Invalid("请选一个原因，或者写几句，我们好改。", code="rating.why", field="reasons")
    return list(dict.fromkeys(reasons)) if level in BAD else []
