"""Reading answers of other departments 读数: the agreed shape or nothing; numbers of houses and loans become keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from services.core.identity import one_spelling
from services.datasharing.ports import ShareAnswer
from services.items.facts import Fact
from services.items.outside import (
    CardCheckFacts,
    Deed,
    DeedFacts,
    ElevatorFacts,
    ElevatorFiling,
    HomeLoan,
    HomeLoanFacts,
    House,
    HouseholdFacts,
    MarriageFacts,
    PropertyBill,
    PropertyBillFacts,
    PropertyFacts,
    Purchase,
    PurchaseFacts,
    SocialFacts,
)

Keyer = Callable[[str, str], str]
"""(kind, number) → key: the same number has the same key for everybody."""
Data = Mapping[str, Any]
_FAMILY = frozenset({"self", "spouse", "parent", "child"})
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEARS = range(1900, 2200)
"""At the calendar's ends a day has no month before or after it; 9999-12-31 says "no day" in many registers."""
_DIGITS = re.compile(r"[0-9０-９一二三四五六七八九十百]+(?=[号栋幢座单元室楼层])")


def read_fact(fact: Fact, answer: ShareAnswer, key: Keyer, city_code: str) -> Any:
    """The answer as a fact; None for one that is missing or not in the agreed shape."""
    if answer.status != "ok":
        return None
    try:
        return _READERS[fact](answer.data, key, city_code)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _marriage(data: Data, key: Keyer, city_code: str) -> MarriageFacts:
    return MarriageFacts(
        _text(data["status"]), _count(data.get("changes_24m", 0)), _spouse_number(data) is None
    )


def _property(data: Data, key: Keyer, city_code: str) -> PropertyFacts:
    owned = tuple(
        House(
            _house_key(one, key),
            house_label(str(one.get("address") or "住房"), str(one.get("certificate_no") or "")),
            str(one.get("city_code") or city_code),
            _percent(one.get("share_percent", 100)),
        )
        for one in data["houses"]
    )
    return PropertyFacts(len(owned), owned)


def _card_check(data: Data, key: Keyer, city_code: str) -> CardCheckFacts:
    if not isinstance(data["matched"], bool):
        raise TypeError
    reason = data.get("reason")
    none_needed = data["matched"] and reason == ""
    return CardCheckFacts(
        data["matched"],
        None if reason is None or none_needed else _text(reason),
        str(data.get("bank_code", "")),
        str(data.get("bank_name", ""))[:60],
    )


def _purchase(data: Data, key: Keyer, city_code: str) -> PurchaseFacts:
    return PurchaseFacts(tuple(_contract(one, key) for one in data["contracts"]))


def _contract(one: Data, key: Keyer) -> Purchase:
    return Purchase(
        key=key("house", _text(one["house_no"])),
        label=house_label(_text(one["address"]), _text(one["contract_no"])),
        kind=_one_of(one["kind"], "new", "second_hand"),
        city_code=_text(one["city_code"]),
        signed_on=_day(one["signed_on"]),
        price_fen=_count(one["price_fen"]),
        paid_fen=_count(one["paid_fen"]),
        loan_fen=_count(one["loan_fen"]),
        share_percent=_percent(one["share_percent"]),
        strangers=any(_text(buyer["relation"]) not in _FAMILY for buyer in one["buyers"]),
        trades=_count(one.get("trades_24m", 0)),
    )


def _deed(data: Data, key: Keyer, city_code: str) -> DeedFacts:
    return DeedFacts(
        tuple(
            Deed(
                key("house", _text(one["house_no"])),
                house_label(_text(one["address"]), _text(one["deed_no"])),
                _text(one["city_code"]),
                _day(one["paid_on"]),
                _count(one["price_fen"]),
            )
            for one in data["deeds"]
        )
    )


def _social(data: Data, key: Keyer, city_code: str) -> SocialFacts:
    retired_on = data.get("retired_on")
    elsewhere = data.get("fund_elsewhere", False)
    if not isinstance(elsewhere, bool):
        raise TypeError
    return SocialFacts(
        _one_of(data["status"], "employed", "unemployed", "retired"),
        _day(retired_on) if retired_on else None,
        elsewhere,
    )


def _elevator(data: Data, key: Keyer, city_code: str) -> ElevatorFacts:
    return ElevatorFacts(
        tuple(
            ElevatorFiling(
                key("house", _text(one["house_no"])),
                house_label(_text(one["address"]), _text(one["filing_no"])),
                _day(one["accepted_on"]) if one["accepted_on"] else None,
                _count(one["cost_fen"]),
                _count(one["subsidy_fen"]),
                _count(one["share_per_10000"]),
            )
            for one in data["filings"]
        )
    )


def _home_loan(data: Data, key: Keyer, city_code: str) -> HomeLoanFacts:
    return HomeLoanFacts(tuple(_loan(one, key) for one in data["loans"]))


def _loan(one: Data, key: Keyer) -> HomeLoan:
    number = _text(one["contract_no"])
    for name in ("own_home", "normal"):
        if not isinstance(one[name], bool):
            raise TypeError
    return HomeLoan(
        key("loan", number),
        f"{_text(one['bank_name'])}房贷（合同尾号 {number[-4:]}）",
        _one_of(one["kind"], "commercial", "combined", "fund"),
        one["own_home"],
        one["normal"],
        _count(one["repaid_12m_fen"]),
        _count(one["monthly_fen"]),
    )


def _property_bill(data: Data, key: Keyer, city_code: str) -> PropertyBillFacts:
    return PropertyBillFacts(
        tuple(
            PropertyBill(
                key("house", _text(one["house_no"])),
                house_label(_text(one["address"]), _text(one["bill_no"])),
                _count(one["year"]),
                _count(one["amount_fen"]),
                _day(one["paid_on"]),
            )
            for one in _each_once(data["bills"], "bill_no")
        )
    )


def _each_once(rows: Iterable[Data], number: str) -> Iterable[Data]:
    """Rows that are added up, each by its number: one told of twice is one; two that differ under one number are none."""
    found: dict[str, Data] = {}
    for one in rows:
        if found.setdefault(one_spelling(_text(one[number])), one) != one:
            raise ValueError
    return found.values()


def _household(data: Data, key: Keyer, city_code: str) -> HouseholdFacts:
    return HouseholdFacts(_text(data["city_code"]) == city_code)


_READERS: Mapping[Fact, Callable[[Data, Keyer, str], Any]] = {
    Fact.MARRIAGE: _marriage,
    Fact.PROPERTY: _property,
    Fact.CARD_CHECK: _card_check,
    Fact.PURCHASE: _purchase,
    Fact.DEED: _deed,
    Fact.SOCIAL: _social,
    Fact.ELEVATOR: _elevator,
    Fact.HOME_LOAN: _home_loan,
    Fact.PROPERTY_BILL: _property_bill,
    Fact.HOUSEHOLD: _household,
}


def spouse_id_no(answer: ShareAnswer) -> str | None:
    """The spouse's ID number, to find their account here; never stored."""
    return _spouse_number(answer.data) if answer.status == "ok" else None


def _spouse_number(data: Data) -> str | None:
    spouse = data.get("spouse")
    number = spouse.get("id_no") if isinstance(spouse, Mapping) else None
    return one_spelling(number) or None if isinstance(number, str) else None


def house_label(address: str, number: str) -> str:
    """What its owner knows a house by, without telling others where it is: 天元区示例路*号（编号尾号 0001）."""
    tail = re.sub(r"[^0-9A-Za-z]", "", number)[-4:]
    place = _DIGITS.sub("*", address)
    return f"{place}（编号尾号 {tail}）" if tail else place


def _house_key(one: Data, key: Keyer) -> str:
    number = one.get("house_no") or one.get("certificate_no")
    return key("house", _text(number)) if number else ""


def _text(value: object) -> str:
    if not isinstance(value, str) or not value or len(value) > 200:
        raise ValueError
    return value


def _day(value: object) -> str:
    text = _text(value)
    if _DAY.fullmatch(text) is None or date.fromisoformat(text).year not in _YEARS:
        raise ValueError
    return text


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10**13:
        raise ValueError
    return value


def _percent(value: object) -> int:
    share = _count(value)
    if share > 100:
        raise ValueError
    return share


def _one_of(value: object, *known: str) -> str:
    if value not in known:
        raise ValueError
    return str(value)
