"""Fields 表单项 that many items ask for, written once: how much, to which card, and a number that a code went to."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, StrictStr

from services.core.identity import plain_phone

AmountFen = Annotated[
    StrictInt, Field(title="提多少", gt=0, le=99_999_999_999, json_schema_extra={"x-widget": "amount"})
]
"""What to draw, in fen."""

PayeeCardId = Annotated[UUID, Field(title="收款卡", json_schema_extra={"x-widget": "card"})]
"""One of the member's payee cards."""


class ProvenPhone(BaseModel):
    """A phone number and the code that came to it by SMS."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    phone: Annotated[StrictStr, Field(title="手机号", max_length=40), AfterValidator(plain_phone)]
    challenge_id: Annotated[UUID, Field(title="验证码编号")]
    code: Annotated[StrictStr, Field(title="验证码", max_length=10)]

    def __str__(self) -> str:
        """The number."""
        return self.phone


NewPhone = Annotated[
    ProvenPhone,
    Field(title="新手机号", json_schema_extra={"x-widget": "phone-code", "x-help": "验证码会发到新号码"}),
]
"""Another phone number, shown to be at hand by a code sent to it."""
