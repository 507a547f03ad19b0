"""Registries 登记库: what police, civil affairs, housing, tax, social insurance, credit and banks know about a person."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sandbox.world import Person, World

Data = dict[str, Any]


def police_photo(world: World, person: Person, params: Mapping[str, Any]) -> Data | None:
    """The ID-card photograph 证件照."""
    photo = world.police_photo(person)
    return {"photo_base64": base64.b64encode(photo).decode()} if photo else None


def civil_marriage(world: World, person: Person, params: Mapping[str, Any]) -> Data | None:
    """Marital status (GB/T 2261.2) and the spouse."""
    spouse = world.person(person.spouse) if person.spouse else None
    return {
        "status": person.marital_status,
        "spouse": {"name": spouse.name, "id_no": spouse.id_no} if spouse else None,
        "changes_24m": int(person.record.get("marriage_changes_24m", 0)),
    }


def estate_ownership(world: World, person: Person, params: Mapping[str, Any]) -> Data | None:
    """Houses the person owns in a city; none is an answer too."""
    city = params.get("city_code")
    names = ("certificate_no", "house_no", "address", "city_code", "share_percent", "acquired_on")
    houses = [h for h in person.houses if not city or str(h.get("city_code", "430200")) == str(city)]
    return {"houses": [{name: _plain(house.get(name)) for name in names} for house in houses]}


def estate_discharge(world: World, person: Person, params: Mapping[str, Any]) -> Data | None:
    """Discharge of a mortgage: taken in when first asked for, registered when asked about again; unknown houses are not found."""
    house_no, contract_no = str(params.get("house_no", "")), str(params.get("loan_contract_no", ""))
    if not house_no or not contract_no or not params.get("settled_on"):
        return None
    if not any(str(house.get("house_no")) == house_no for house in person.houses):
        return None
    receipt_no = str(params.get("receipt_no") or "")
    if receipt_no:
        return {"state": "registered", "receipt_no": receipt_no}
    return {"state": "accepted", "receipt_no": f"DYZX{contract_no[-10:]}"}


def bank_card_check(world: World, person: Person, params: Mapping[str, Any]) -> Data | None:
    """Whether a card is the person's own first-class debit card in good order."""
    owner, card = _card(world, str(params.get("bank_code", "")), str(params.get("card_no", "")))
    reason = _card_trouble(owner, card, person)
    return {
        "matched": reason is None,
        "reason": reason,
        "bank_code": (card or params).get("bank_code"),
        "bank_name": (card or {}).get("bank_name"),
        "card_class": (card or {}).get("class"),
    }


def _card(world: World, bank_code: str, card_no: str) -> tuple[Person | None, Mapping[str, Any] | None]:
    for owner in world.people():
        for card in owner.cards:
            if card["card_no"] == card_no and card["bank_code"] == bank_code:
                return owner, card
    return None, None


def _card_trouble(owner: Person | None, card: Mapping[str, Any] | None, person: Person) -> str | None:
    if owner is None or card is None:
        return "card_not_found"
    if (owner.name, owner.id_no) != (person.name, person.id_no):
        return "holder_mismatch"
    if card.get("status", "normal") != "normal":
        return "card_frozen"
    if card.get("kind", "debit") != "debit":
        return "not_debit"
    return None if str(card.get("class", "1")) == "1" else "not_class_one"


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


Registry = Callable[[World, Person, Mapping[str, Any]], Data | None]


def entries_of(name: str, *, field: str = "", known_only: bool = False) -> Registry:
    """A register of entries, those of the city asked for. `known_only`: who is not in it at all is "not_found"."""

    def look_up(world: World, person: Person, params: Mapping[str, Any]) -> Data | None:
        if known_only and (field or name) not in person.record:
            return None
        city = params.get("city_code")
        found = [e for e in person.record.get(field or name, ()) if not city or e.get("city_code", city) == city]
        return {name: [{key: _today(world, value) for key, value in entry.items()} for entry in found]}

    return look_up


def record_of(name: str) -> Registry:
    """A register of one record for each person, or none."""

    def look_up(world: World, person: Person, params: Mapping[str, Any]) -> Data | None:
        record = person.record.get(name)
        return {key: _today(world, value) for key, value in record.items()} if record else None

    return look_up


def _today(world: World, value: Any) -> Any:
    """Days may be written as "-90d", and a year as "this-year", so that the demo does not grow old."""
    if value == "this-year":
        return world.now().year
    ago = re.fullmatch(r"-([0-9]{1,4})d", value) if isinstance(value, str) else None
    return (world.now().date() - timedelta(days=int(ago[1]))).isoformat() if ago else _plain(value)


REGISTRIES: dict[str, Registry] = {
    "police.photo": police_photo,
    "civil.marriage": civil_marriage,
    "estate.ownership": estate_ownership,
    "estate.discharge": estate_discharge,
    "bank.card_check": bank_card_check,
    "housing.contract": entries_of("contracts"),
    "tax.deed": entries_of("deeds"),
    "elevator.filing": entries_of("filings"),
    "credit.loan": entries_of("loans", field="bank_loans"),
    "property.bill": entries_of("bills", known_only=True),
    "social.status": record_of("social"),
    "police.household": record_of("household"),
}
