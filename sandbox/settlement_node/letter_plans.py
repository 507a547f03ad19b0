"""Plans 办理安排: what another centre does with a letter, in what order and when; one kind for each order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Acts = list[tuple[float, str, dict[str, Any]]]
"""Seconds after the letter came, what is done, and how."""
Params = dict[str, Any]
CONFIRM_S, LETTER_S, MONEY_S = 0.0, 0.2, 0.4


def usual(params: Params) -> Acts:
    """Confirm, write, pay."""
    return [(CONFIRM_S, "confirm", {}), (LETTER_S, "letter", {}), (MONEY_S, "money", {})]


def _refuse(params: Params) -> Acts:
    return [(LETTER_S, "refuse", {"reason": str(params.get("reason", "原账户有未结清的公积金贷款"))})]


def _silent(params: Params) -> Acts:
    return []


def _delay(params: Params) -> Acts:
    wait = float(params.get("seconds", 2.0))
    return [(CONFIRM_S, "confirm", {}), (wait, "letter", {}), (wait + LETTER_S, "money", {})]


def _duplicate(params: Params) -> Acts:
    copies = int(params.get("copies", 2))
    return [(LETTER_S, "letter", {})] * copies + [(MONEY_S, "money", {}), (MONEY_S + 0.1, "letter", {})]


def _money_first(params: Params) -> Acts:
    return [(0.1, "money", {}), (float(params.get("seconds", 1.0)), "letter", {})]


def _money_only(params: Params) -> Acts:
    return [(0.1, "money", {})]


def _letter_only(params: Params) -> Acts:
    return [(LETTER_S, "letter", {})]


def _lost_letter(params: Params) -> Acts:
    return [(LETTER_S, "letter", {"push": False}), (MONEY_S, "money", {})]


def _differ(params: Params) -> Acts:
    return [(LETTER_S, "letter", {}), (MONEY_S, "money", {"by_fen": int(params.get("by_fen", 100))})]


def _parts(params: Params) -> Acts:
    return [
        (LETTER_S, "letter", {}),
        (MONEY_S, "money", {"only": "principal"}),
        (MONEY_S + 0.2, "money", {"only": "interest"}),
    ]


def _returned(params: Params) -> Acts:
    """Paid too early and taken back, then done properly."""
    wait = float(params.get("seconds", 0.5))
    return [
        (0.1, "money", {}),
        (0.1 + wait, "back", {}),
        (0.3 + wait, "letter", {}),
        (0.5 + wait, "money", {}),
    ]


def _twice(params: Params) -> Acts:
    return [*usual(params), (MONEY_S + float(params.get("seconds", 0.2)), "money", {})]


def _talk(params: Params) -> Acts:
    return [(LETTER_S, "talk", {"reason": str(params.get("reason", "信息不一致，协商中"))})]


PLANS: dict[str, Callable[[Params], Acts]] = {
    "refuse": _refuse,
    "silent": _silent,
    "delay_letter": _delay,
    "duplicate_letter": _duplicate,
    "money_first": _money_first,
    "money_only": _money_only,
    "letter_only": _letter_only,
    "lost_letter": _lost_letter,
    "differ": _differ,
    "parts": _parts,
    "return_money": _returned,
    "pay_twice": _twice,
    "talk": _talk,
}
