"""Figures of the rules by date: two dates, two answers."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

from config.settings import ROOT
from services.policies.rules import Figure, NotedValues, Policy, policy_on

FIGURES = [
    Figure("cap", date(2022, 4, 1), 1_500_000),
    Figure("cap", date(2026, 5, 1), 1_800_000),
    Figure("months", date(2022, 4, 1), 3),
    Figure("later", date(2030, 1, 1), 7),
]


@pytest.mark.parametrize(
    ("day", "cap"),
    [
        (date(2022, 4, 1), 1_500_000),
        (date(2026, 4, 30), 1_500_000),
        (date(2026, 5, 1), 1_800_000),
        (date(2029, 12, 31), 1_800_000),
    ],
)
def test_the_figure_of_a_day_is_the_last_one_before_it(day: date, cap: int) -> None:
    assert policy_on(day, FIGURES).integer("cap") == cap


def test_the_order_of_the_figures_does_not_matter() -> None:
    day = date(2026, 11, 23)
    assert policy_on(day, FIGURES) == policy_on(day, reversed(FIGURES))


def test_a_figure_without_value_on_that_day_is_an_error_not_a_zero() -> None:
    with pytest.raises(KeyError):
        policy_on(date(2026, 11, 23), FIGURES).integer("later")
    with pytest.raises(KeyError):
        policy_on(date(2022, 3, 31), FIGURES).integer("cap")


def test_the_version_changes_with_the_figures_and_only_with_them() -> None:
    before, after = policy_on(date(2026, 4, 30), FIGURES), policy_on(date(2026, 5, 1), FIGURES)
    assert before.version != after.version
    assert after.version == policy_on(date(2026, 11, 23), FIGURES).version


def shipped() -> list[Figure]:
    """The figures that come with the product."""
    found = []
    for path in sorted(Path(ROOT / "config" / "policies").glob("*.toml")):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        found += [Figure(f["key"], f.get("from", document["from"]), f["value"]) for f in document["figure"]]
    return found


@pytest.mark.parametrize(("day", "cap"), [(date(2026, 4, 30), 1_500_000), (date(2026, 5, 1), 1_800_000)])
def test_the_rent_cap_rose_on_the_first_of_may_2026(day: date, cap: int) -> None:
    """株金管委〔2026〕4号: 15,000 a year for a couple before, 18,000 since."""
    assert policy_on(day, shipped()).integer("rent.cap_year_couple_fen") == cap


def plain(value: object) -> bool:
    """A whole number, words, yes or no, or a collection of them: never a fraction."""
    if isinstance(value, list):
        return all(plain(one) for one in value)
    if isinstance(value, dict):
        return all(type(name) is str and plain(one) for name, one in value.items())
    return type(value) in (int, str, bool)


def test_shipped_figures_are_whole_numbers_or_words() -> None:
    figures = shipped()
    assert len(figures) > 10
    assert all(plain(figure.value) for figure in figures)
    assert len({(figure.key, figure.effective_from) for figure in figures}) == len(figures)


def test_figures_remember_which_were_looked_at() -> None:
    """What a decision rests on is kept with it, and nothing else."""
    values = NotedValues({"a": 1, "b": ["x", "y"], "c": "words"})
    policy = Policy(date(2026, 11, 23), values, "v")
    assert policy.integer("a") == 1
    assert policy.names("b") == frozenset({"x", "y"})
    assert values.get("d", 5) == 5
    assert values.used == {"a": 1, "b": ["x", "y"]}
