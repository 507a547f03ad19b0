"""The reference 参照: what one careful clerk with one book would have; the service must never differ from it."""

from __future__ import annotations

from dataclasses import dataclass, field

OPEN = {"approved", "paying", "accepted", "unknown"}
WAITS_FOR_FACE, UNDER_WAY = "verifying", "open"


def kind_of(state: str) -> str:
    """A state of the service as the clerk sees it."""
    return UNDER_WAY if state in OPEN else state


@dataclass
class Account:
    """One member's page: the sums of the cases, how each stands, and what a key was answered with."""

    opening_fen: int
    frozen_fen: int = 0
    sums: dict[str, int] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)
    answers: dict[str, tuple[str, int]] = field(default_factory=dict)

    def of(self, *kinds: str) -> int:
        """The sum of the cases that stand so."""
        return sum(self.sums[number] for number, kind in self.cases.items() if kind in kinds)

    @property
    def balance_fen(self) -> int:
        """What has neither gone nor is about to."""
        return self.opening_fen - self.of(UNDER_WAY, "paid")

    @property
    def busy(self) -> bool:
        """Whether a case is not finished."""
        return bool({WAITS_FOR_FACE, UNDER_WAY} & set(self.cases.values()))

    def submit(self, number: str, amount_fen: int) -> None:
        """A new case."""
        self.cases[number], self.sums[number] = WAITS_FOR_FACE, amount_fen

    def confirm(self, number: str, key: str) -> int:
        """The status a confirmation must be answered with: once for each key, once for each case."""
        if key in self.answers:
            known, status = self.answers[key]
            return status if known == number else 422
        enough = self.sums[number] <= self.balance_fen - self.frozen_fen
        if self.cases[number] == WAITS_FOR_FACE and enough:
            self.cases[number] = UNDER_WAY
            self.answers[key] = (number, 201)
        else:
            self.answers[key] = (number, 409)
        return self.answers[key][1]

    def cancel(self, number: str) -> int:
        """The status a cancellation must be answered with."""
        if self.cases[number] != WAITS_FOR_FACE:
            return 409
        self.cases[number] = "cancelled"
        return 200

    def call_back(self, number: str) -> None:
        """The member's lock, while the bank has had nothing of it: the sum is the member's again."""
        assert self.cases[number] == UNDER_WAY
        self.cases[number] = "cancelled"


def justified(kind: str, debits: int, returns: int, *, may_come: bool) -> bool:
    """Whether the bank's book allows the service to say so. `may_come`: the order may still be paid."""
    if debits > 1:
        return False
    if kind == "paid":
        return debits == 1
    if kind == "returned":
        return (debits, returns) == (1, 1) or (debits == 0 and not may_come)
    return kind == UNDER_WAY or debits == 0


def end_of(debits: int, returns: int) -> str:
    """Where a case that was under way must stand when everything is known."""
    return "paid" if debits > returns else "returned"
