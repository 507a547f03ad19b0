"""What an item calls private, the page is told not to write to the phone."""

from __future__ import annotations

from datetime import date

import pytest

from app.member_api.item_views import item_view
from services.items.catalog import payee_card_change, phone_change, rent_withdrawal, transfer_in
from services.items.declaration import Item
from services.items.outlook import OPEN


@pytest.mark.parametrize(
    ("item", "private"),
    [
        (payee_card_change.ITEM, ["card_no"]),
        (phone_change.ITEM, ["new_phone"]),
        (transfer_in.ITEM, ["former_account_no"]),
        (rent_withdrawal.ITEM, []),
    ],
)
def test_private_fields_are_marked_for_the_page(item: Item, private: list[str]) -> None:
    fields = item_view(item, OPEN, date(2026, 11, 23))["form_schema"]["properties"]
    assert [name for name, field in fields.items() if field.get("x-private")] == private
