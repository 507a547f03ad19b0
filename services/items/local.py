"""Local facts 本地事实: what our own tables say, for many items in one pass; what nobody needs is not read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from services.items.declaration import Item
from services.items.facts import AccountFacts, Fact, Facts, LoanFacts, UsageFacts


class LocalFacts:
    """One member's own facts; each kind is read when an item first needs it, and once."""

    def __init__(
        self,
        today: date,
        account: AccountFacts,
        readers: Mapping[Fact, Callable[[], Any]],
        usage: Callable[[Item, LoanFacts | None], UsageFacts],
    ) -> None:
        self.today = today
        self.account = account
        self._readers = readers
        self._usage = usage
        self._read: dict[Fact, Any] = {}

    def facts(self, item: Item, *, interest: bool = True) -> Facts:
        """What the item needs of them. Without `interest`, that of a closing is left out while there is a balance."""
        spared = {Fact.CLOSING} if not interest and self.account.balance_fen > 0 else set()
        own = {fact.value: self.get(fact) for fact in self._readers if fact in item.needs - spared}
        usage = self._usage(item, own.get(Fact.LOANS.value)) if Fact.USAGE in item.needs else None
        return Facts(today=self.today, account=self.account, usage=usage, **own)

    def get(self, fact: Fact) -> Any:
        """One kind of them."""
        if fact not in self._read:
            self._read[fact] = self._readers[fact]()
        return self._read[fact]
