"""Fields 表单项 that many items ask for, written once: how much, and to which card."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictInt

AmountFen = Annotated[
    StrictInt, Field(title="提多少", gt=0, le=99_999_999_999, json_schema_extra={"x-widget": "amount"})
]
"""What to draw, in fen."""

PayeeCardId = Annotated[UUID, Field(title="收款卡", json_schema_extra={"x-widget": "card"})]
"""One of the member's payee cards."""
