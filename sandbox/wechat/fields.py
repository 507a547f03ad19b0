"""Field rules 模板字段规则: what a template message's value may be, by the type in its name."""

from __future__ import annotations

import re

_TIME = r"(\d{1,2}:\d{2}(:\d{2})?)"
_DATE = r"((\d{4}年)?\d{1,2}月\d{1,2}日|\d{4}-\d{2}-\d{2}|\d{4}/\d{2}/\d{2})"

RULES = {
    "thing": r".{1,20}",
    "character_string": r"[\x20-\x7e]{1,32}",
    "letter": r"[A-Za-z]{1,32}",
    "number": r"[0-9.]{1,32}",
    "amount": r"[¥￥$€£]?[0-9]{1,10}(\.[0-9]{1,2})?元?",
    "time": rf"({_DATE} ?)?{_TIME}|{_DATE}",
    "date": rf"{_DATE}( ?{_TIME})?",
    "phrase": r"[一-龥]{1,5}",
    "name": r"[一-龥·]{1,10}|[A-Za-z ]{1,20}",
    "phone_number": r"[0-9+-]{1,17}",
    "const": r".{1,20}",
}


def broken_rule(field: str, value: object) -> str | None:
    """Why WeChat refuses this value (its 47003 wording), or None."""
    if not isinstance(value, str) or not value.strip():
        return f"data.{field}.value is empty"
    kind = re.sub(r"\d+$", "", field)
    if re.fullmatch(RULES.get(kind, r".{1,20}"), value) is None:
        return f"data.{field}.value invalid"
    return None
