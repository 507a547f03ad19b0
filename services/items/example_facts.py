"""Plain facts for the examples of declarations 示例事实: a single member with 56,000.00 yuan, every source answering."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from services.items.facts import AccountFacts, Fact, Facts, LoanFacts, SourceNote, UsageFacts
from services.items.outside import MarriageFacts

CARD_ID = "019342a0-0000-7000-8000-000000000001"
TODAY = date(2026, 11, 23)
NOTHING_DRAWN = UsageFacts(0, 0, 0, 0, False)
_AT = "2026-11-23T09:00:00+08:00"


def answered(*facts: Fact, missing: Fact | None = None) -> tuple[SourceNote, ...]:
    """Notes of sources that answered, and of one that did not."""
    return tuple(
        SourceNote(fact.value, "示例", _AT, "unavailable" if fact is missing else "ok") for fact in facts
    )


def plain_facts(*asked: Fact, **parts: Any) -> Facts:
    """A single member on 23 November 2026 with 56,000.00 yuan, no loan and nothing drawn; `parts` as given."""
    account = AccountFacts(
        "01", "正常", 5_600_000, 0, 0, "9920030100001", "示例单位", "2020-03-01", 1_000_000, 200_000
    )
    plain = Facts(
        today=TODAY,
        account=account,
        usage=NOTHING_DRAWN,
        marriage=MarriageFacts("10"),
        loans=LoanFacts(()),
        sources=answered(*asked),
    )
    return replace(plain, **parts)


def with_account(facts: Facts, **changes: Any) -> Facts:
    """The same facts with another account."""
    return replace(facts, account=replace(facts.account, **changes))


def with_usage(facts: Facts, **changes: Any) -> Facts:
    """The same facts with other withdrawals."""
    assert facts.usage is not None
    return replace(facts, usage=replace(facts.usage, **changes))
