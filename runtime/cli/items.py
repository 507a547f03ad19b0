"""The items at a glance 事项一览: every declaration, and its examples judged just now by the shipped figures. `make items`."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

from config.settings import ROOT
from services.core.money import yuan_text
from services.items.declaration import OFFICIAL_ORDER, Example, Item
from services.items.judging import Quote, judge
from services.items.registry import load_registry
from services.policies.rules import Figure, policy_on
from services.policies.service import shipped_figures


@dataclass(frozen=True, slots=True)
class Tried:
    """An example and what came of it."""

    example: Example
    quote: Quote

    @property
    def ok(self) -> bool:
        """Decided as the declaration says, by hand: allowed or not, how much, or why not."""
        example, quote = self.example, self.quote
        most = quote.amount.max_fen if quote.amount else None
        codes = [refusal.code for refusal in quote.refusals]
        return (
            quote.allowed is example.allowed
            and (example.max_fen is None or most == example.max_fen)
            and (example.refusal is None or example.refusal in codes)
            and (example.approval is None or quote.approval is example.approval)
        )

    @property
    def said(self) -> str:
        """The outcome in a few words."""
        if not self.quote.allowed:
            first = self.quote.refusals[0]
            return f"{first.code}: {first.text}"
        if self.quote.amount is None:
            return self.quote.item.allowed_text
        return f"可{self.quote.amount.verb} {yuan_text(self.quote.amount.max_fen)} 元, {self.quote.approval.value}"


def try_out(item: Item, figures: list[Figure]) -> list[Tried]:
    """Every example of an item, judged by the figures of its day."""
    return [
        Tried(
            example,
            judge(
                item,
                example.facts,
                item.form.model_validate(example.form),
                policy_on(example.facts.today, figures),
            ),
        )
        for example in item.examples
    ]


def _lines(item: Item, tried: list[Tried]) -> list[str]:
    approvals = sorted({t.quote.approval.value for t in tried if t.quote.allowed})
    span = f" from {item.effective_from}" if item.effective_from else ""
    span += f" to {item.effective_to}" if item.effective_to else ""
    head = (
        f"{item.name_zh}  {item.code} ({item.standard_code}){span} | {'、'.join(item.channels)} |"
        f" {' or '.join(approvals)} | {item.verification.value}"
    )
    shown = [next(t for t in tried if t.example.allowed), next(t for t in tried if not t.example.allowed)]
    shown += [t for t in tried if not t.ok and t not in shown]
    return [head, *(f"  {'ok' if t.ok else 'WRONG'}  {t.example.title} -> {t.said}" for t in shown)]


def main() -> int:
    """Print the table; the last line is one JSON object."""
    figures = shipped_figures(ROOT / "config" / "policies")
    items, examples, ok = sorted(load_registry(), key=lambda one: one.number or len(OFFICIAL_ORDER) + 1), 0, 0
    for item in items:
        tried = try_out(item, figures)
        examples += len(tried)
        ok += sum(t.ok for t in tried)
        head, *rest = _lines(item, tried)
        sys.stdout.write("\n".join([f"{item.number or '':2} {head}", *rest]) + "\n")
    sys.stdout.write(
        json.dumps(
            {"items": len({item.number or item.code for item in items}), "examples": examples, "ok": ok}
        )
        + "\n"
    )
    return 0 if ok == examples else 1


if __name__ == "__main__":
    sys.exit(main())
