"""Words of notices 通知文字检查: every template in both channels, read by the linters at start and by the tests."""

from __future__ import annotations

from services.notices.texts import CODE_TELLING, OPERATION_CODE_TELLING, TELLINGS
from services.notices.topics import topics
from services.notices.wording import LONGEST, current, lint, wordings
from wechat.template_lint import lint_templates


class WordsFault(Exception):
    """The words of notices cannot be sent as they are; the text lists every fault."""


def faults(sign: str) -> list[str]:
    """What is wrong with the words that are sent now."""
    tellings = (*TELLINGS.values(), CODE_TELLING, OPERATION_CODE_TELLING)
    found = [
        f"{telling.template}: no topic {telling.topic}"
        for telling in tellings
        if telling.topic not in topics()
    ]
    for telling in {telling.template: telling for telling in tellings}.values():
        wording = current(telling.template)
        if wording is None:
            found.append(f"{telling.template}: no words in templates.toml")
        else:
            found += [f"{telling.template}: {fault}" for fault in lint(wording, telling.topic, sign)]
    carriers = {name: versions[-1].wechat for name, versions in wordings().items()}
    return [*found, *lint_templates(LONGEST, carriers)]


def check(sign: str) -> None:
    """Raise WordsFault where there is a fault."""
    found = faults(sign)
    if found:
        raise WordsFault("words of notices:\n  " + "\n  ".join(found))
