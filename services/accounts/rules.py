"""States of a personal account 个人账户状态: code table A.6 of JGJ/T 320, and which of them may be drawn from."""

from __future__ import annotations

STATE_TEXTS = {
    "01": "正常",
    "02": "封存",
    "03": "合并销户",
    "04": "外部转出销户",
    "05": "提取销户",
    "06": "冻结",
    "99": "其他",
}
SEALED = "02"
FROZEN = "06"
PAYING_STATES = frozenset({"01", "02"})
"""States of an account that money may be drawn from: 正常 and 封存."""
CLOSED_BY_WITHDRAWAL = "05"
"""提取销户: everything was paid out."""
