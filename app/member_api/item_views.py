"""Items as lists and pages show them 事项展示: what they are, whether they can be used today, what they might bring."""

from __future__ import annotations

from datetime import date
from typing import Any

from app.member_api.views import day_or_none, parts_view
from services.core.money import yuan_text
from services.items.declaration import Approval, Item
from services.items.estimating import Estimate, No, Supposed, money_fields
from services.items.facts import SHARED, Fact
from services.items.outlook import Outlook


def item_summary(item: Item) -> dict[str, Any]:
    """An item as lists show it."""
    return {
        "code": item.code,
        "name_zh": item.name_zh,
        "group": item.group,
        "summary": item.summary,
        "kind": item.kind,
    }


def item_outlook(item: Item, found: Outlook) -> dict[str, Any]:
    """An item with whether it can be used today, and if not, why and from when."""
    return {
        **item_summary(item),
        "usable": found.usable,
        "why": found.why or None,
        "next_on": day_or_none(found.next_on),
    }


def item_view(item: Item, found: Outlook, today: date) -> dict[str, Any]:
    """An item's declaration for the page, with the rules in force today."""
    basis = [b for b in item.legal_basis if b.holds_on(today)]
    return {
        **item_outlook(item, found),
        "legal_basis": [{"title": b.title, "article": b.article, "text": b.text} for b in basis],
        "form_schema": _form_schema(item),
        "needs_consent": ["data_sharing"] if item.needs & SHARED else [],
        "sources": [{"name": name, "why": why} for name, why in item.sources],
        "verification": item.verification.value,
        "approval": Approval.INSTANT.value,
        "sla_text": item.sla_text,
        "documents": list(item.documents),
    }


def _form_schema(item: Item) -> dict[str, Any]:
    """The form for the page; what the centre seals the phone does not write down either (`x-private`)."""
    schema = item.form.model_json_schema()
    for name in item.private_fields:
        schema["properties"][name]["x-private"] = True
    return schema


_WORK = {"employed": "在单位上班", "unemployed": "没有上班", "retired": "已经退休"}


def supposed_view(supposed: Supposed) -> list[dict[str, str]]:
    """What was supposed, and who would be asked about it in earnest."""
    return [
        {"name": name, "text": text, "source": source}
        for name, text, source in (
            ("married", supposed_text(Fact.MARRIAGE, supposed), "民政部门"),
            ("homes", supposed_text(Fact.PROPERTY, supposed), "不动产登记"),
            ("work", supposed_text(Fact.SOCIAL, supposed), "人社部门"),
            ("local", supposed_text(Fact.HOUSEHOLD, supposed), "公安户籍"),
        )
    ]


def supposed_text(fact: Fact, supposed: Supposed) -> str:
    """One supposition in words."""
    return {
        Fact.MARRIAGE: "已婚" if supposed.married else "单身",
        Fact.PROPERTY: f"本市有 {supposed.homes} 套住房" if supposed.homes else "本市没有住房",
        Fact.SOCIAL: _WORK[supposed.work],
        Fact.HOUSEHOLD: "本市户籍" if supposed.local else "外地户籍",
    }[fact]


def estimate_view(found: Estimate, supposed: Supposed, form: Any) -> dict[str, Any]:
    """What an item might bring."""
    amount, titles = found.amount, money_fields(found.item)
    return {
        **item_summary(found.item),
        "outcome": found.outcome,
        "verb": amount.verb if amount else "提",
        "max_fen": amount.max_fen if amount else None,
        "text": _text(found),
        "breakdown": parts_view(amount.parts) if amount else [],
        "reasons": [_reason(no) for no in found.noes],
        "next_on": day_or_none(found.next_on),
        "asks": [
            {"name": name, "label": titles[name], "value_fen": getattr(form, name)} for name in found.asks
        ],
        "supposed": [supposed_text(fact, supposed) for fact in found.supposed],
    }


def _text(found: Estimate) -> str:
    """The answer in one sentence."""
    if found.amount is None:
        return str(_reason(found.noes[0])["text"])
    if found.outcome == "ask":
        return f"账户里最多能{found.amount.verb} {yuan_text(found.amount.max_fen)} 元；填了下面的数，才能估得准。"
    return found.amount.headline


def _reason(no: No) -> dict[str, Any]:
    """A no in words; one that follows from a supposition does not speak as if a register had said so."""
    refusal = no.refusal
    text = f"按您选的情况，还不符合这一条：{refusal.rule}。" if no.supposed else refusal.text
    return {
        "code": refusal.code,
        "text": text,
        "change": refusal.change,
        "article": refusal.article,
        "supposed": no.supposed,
        "next_on": day_or_none(refusal.next_on),
    }
