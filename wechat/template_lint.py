"""Template linter 模板检查: whether each message fits WeChat's fields with the longest values that are plausible."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from string import Formatter

from wechat.template_messages import TEMPLATES_FILE, VALUE_RULES


def lint_templates(longest: Mapping[str, str], carriers: Mapping[str, str | None]) -> Iterator[str]:
    """What is wrong; `carriers` says by which registered message each template goes, None for by none."""
    templates = tomllib.loads(TEMPLATES_FILE.read_text("utf-8"))
    for name, carrier in carriers.items():
        if carrier is None:
            continue
        if name not in templates:
            yield f"{name}: no WeChat fields"
        elif templates[name]["id"] != carrier:
            yield f"{name}: goes by {templates[name]['id']}, but is worded for {carrier}"
        else:
            yield from _fields(name, templates[name]["fields"], longest)


def _fields(name: str, fields: Mapping[str, str], longest: Mapping[str, str]) -> Iterator[str]:
    for field, words in fields.items():
        missing = [fill for _, fill, _, _ in Formatter().parse(words) if fill and fill not in longest]
        if missing:
            yield f"{name}.{field}: no longest value known for {', '.join(missing)}"
            continue
        value = words.format_map(longest)
        if re.fullmatch(VALUE_RULES[re.sub("[0-9]+$", "", field)], value) is None:
            yield f"{name}.{field}: WeChat refuses “{value}”, {len(value)} characters"
