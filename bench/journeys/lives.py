"""Lives 处境: what has to be so in the outside world for an item to be open to a member."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from bench.people import card_number

Changes = dict[str, Any]
CITY = "430200"


def number_of(person: Changes) -> int:
    """The person's number, of which everything of theirs is made."""
    return int(str(person["key"]).removeprefix("p"))


def second_card(person: Changes) -> Changes:
    """A card of theirs that the centre has not on record."""
    return {"bank_code": "102000", "bank_name": "工商银行", "card_no": card_number(number_of(person) + 500_000), "class": "1"}


def home(person: Changes) -> Changes:
    """A home of their own in the city."""
    number = number_of(person)
    house = {
        "certificate_no": f"湘(2019)株洲市不动产权第{number:07d}号",
        "house_no": house_no(number),
        "address": f"天元区示例路{number}号",
        "city_code": CITY,
        "share_percent": 100,
        "acquired_on": "2019-06-01",
    }
    return person | {"houses": [house]}


def house_no(number: int) -> str:
    """A house's number in the register."""
    return f"4302{number:08d}GB00001F00010001"


def buyer(person: Changes) -> Changes:
    """A new home bought, the contract on file, 300,000.00 paid of 800,000.00."""
    number = number_of(person)
    contract = {
        "contract_no": f"ZZSP2026{number:06d}",
        "house_no": house_no(number),
        "address": f"天元区示例大道{number}号8栋1502室",
        "city_code": CITY,
        "kind": "new",
        "signed_on": "-120d",
        "price_fen": 80_000_000,
        "paid_fen": 30_000_000,
        "loan_fen": 50_000_000,
        "share_percent": 100,
        "buyers": [{"relation": "self"}],
    }
    return person | {"contracts": [contract], "social": {"status": "employed"}}


def bank_borrower(person: Changes) -> Changes:
    """A bank's loan on their own home: 36,000.00 repaid in twelve months."""
    loan = {
        "contract_no": f"ICBC-ZZ-2019-{number_of(person):06d}",
        "bank_name": "工商银行",
        "kind": "commercial",
        "own_home": True,
        "normal": True,
        "repaid_12m_fen": 3_600_000,
        "monthly_fen": 300_000,
    }
    return home(person) | {"bank_loans": [loan], "social": {"status": "employed"}}


def with_elevator(person: Changes) -> Changes:
    """An elevator in the old house: 320,000.00 after the subsidy, of which 6.5 % is theirs, 20,800.00."""
    number = number_of(person)
    filing = {
        "filing_no": f"ZZDT2026{number:06d}",
        "house_no": house_no(number),
        "address": f"天元区示例路{number}号",
        "city_code": CITY,
        "accepted_on": "-90d",
        "cost_fen": 42_000_000,
        "subsidy_fen": 10_000_000,
        "share_per_10000": 650,
    }
    return home(person) | {"filings": [filing]}


def with_bill(person: Changes) -> Changes:
    """A year's property fee of 2,160.00, paid."""
    number = number_of(person)
    bill = {
        "bill_no": f"WY2026{number:06d}",
        "house_no": house_no(number),
        "address": f"天元区示例路{number}号",
        "city_code": CITY,
        "year": "this-year",
        "amount_fen": 216_000,
        "paid_on": "-30d",
    }
    return home(person) | {"bills": [bill]}


def retired(person: Changes) -> Changes:
    """Retired since six weeks."""
    return person | {"social": {"status": "retired", "retired_on": "-45d"}, "household": {"city_code": CITY}}


def gone(person: Changes) -> Changes:
    """Left the employer eight months ago and not employed since."""
    return person | {
        "state": "02",
        "sealed_months_ago": 8,
        "social": {"status": "unemployed"},
        "household": {"city_code": CITY},
    }


def borrower(person: Changes, months: int = 240, **terms: Any) -> Changes:
    """A loan of the centre over 400,000.00, drawn in March 2024, repaid on no day near today, by the card on record."""
    number = number_of(person)
    house = {
        "house_no": house_no(number),
        "contract_no": f"ZZSP2024{number:06d}",
        "address": f"天元区示例大道{number}号",
        "city_code": CITY,
        "price_fen": 85_000_000,
        "down_payment_fen": 45_000_000,
    }
    loan = {
        "contract_no": f"ZZGJJ2024{number:06d}",
        "principal_fen": 40_000_000,
        "months": months,
        "repayment_day": far_day(),
        "drawn_on": f"2024-03-{far_day():02d}",
        "house": house,
        "card": {name: person["cards"][0][name] for name in ("bank_code", "bank_name", "card_no")},
    }
    return home(person) | {"fund_loans": [loan | terms]}


def far_day() -> int:
    """A day of the month that is neither today nor tomorrow."""
    today = date.today()  # noqa: DTZ011 - the run's own day is near enough
    near = {(today + timedelta(days=step)).day for step in (-1, 0, 1)}
    return next(day for day in (20, 12, 5) if day not in near)


def settled(person: Changes) -> Changes:
    """A loan that was repaid whole in September."""
    return borrower(person, 120, method="02", drawn_on="2018-05-15", repayment_day=15, settled_on="2026-09-10")
