"""Fields 表单项 that many items ask for, written once: how much, to which card, and a number that a code went to."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, StrictStr
from pydantic_core import PydanticCustomError

from services.core.identity import plain_phone
from services.core.ids import read_key

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _key_as_written(value: Any) -> Any:
    return read_key(value) if isinstance(value, str) else value


def _day_as_written(value: Any) -> Any:
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("date_type", "a text like 2026-11-23")
    if _DAY.fullmatch(value) is None:
        raise ValueError("a text like 2026-11-23")
    return value


Key = Annotated[UUID, BeforeValidator(_key_as_written)]
"""A key in its one way of writing."""

Day = Annotated[date, BeforeValidator(_day_as_written)]
"""A calendar day as 2026-11-23 and in no other way: a number would be taken for seconds since 1970."""

AmountFen = Annotated[
    StrictInt, Field(title="提多少", gt=0, le=99_999_999_999, json_schema_extra={"x-widget": "amount"})
]
"""What to draw, in fen."""

PayeeCardId = Annotated[Key, Field(title="收款卡", json_schema_extra={"x-widget": "card"})]
"""One of the member's payee cards."""


class ProvenPhone(BaseModel):
    """A phone number and the code that came to it by SMS."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    phone: Annotated[StrictStr, Field(title="手机号", max_length=40), AfterValidator(plain_phone)]
    challenge_id: Annotated[Key, Field(title="验证码编号")]
    code: Annotated[StrictStr, Field(title="验证码", max_length=10)]

    def __str__(self) -> str:
        """The number."""
        return self.phone


NewPhone = Annotated[
    ProvenPhone,
    Field(title="新手机号", json_schema_extra={"x-widget": "phone-code", "x-help": "验证码会发到新号码"}),
]
"""Another phone number, shown to be at hand by a code sent to it."""
