"""Shapes 数据结构 of the member API, as the OpenAPI document shows them. Amounts are fen, instants end in +08:00."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field, StrictStr

from app.member_api.route_schemas import PayTimingOut
from app.member_api.shapes import In, Out


class Problem(Out):
    """application/problem+json; `code` is stable, `detail` is a sentence to show. Ignore members not known (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str
    field: str | None = None
    refusals: list[dict[str, Any]] | None = None
    max_fen: int | None = None


class AccountOut(Out):
    """The member's account."""

    account_no_masked: str
    state: str
    state_text: str
    balance_fen: int
    available_fen: int
    frozen_fen: int
    held_fen: int
    monthly_contribution_fen: int
    paid_through: str | None
    employer: str
    as_of: str


class PostingOut(Out):
    """One movement of the fund; positive came in."""

    posting_id: str
    on: str
    kind: str
    kind_text: str
    amount_fen: int
    summary: str


class PostingsOut(Out):
    """A page of movements; pass `next_before` as `before` for the next one."""

    postings: list[PostingOut]
    next_before: str | None


class ItemSummary(Out):
    """An item as lists show it."""

    code: str
    name_zh: str
    group: str
    summary: str
    kind: str


class ItemOutlookOut(ItemSummary):
    """An item with whether it can be used today as far as our own books know; if not, why, and the first day it can."""

    usable: bool
    why: str | None
    next_on: str | None


class BasisOut(Out):
    """A rule the item rests on."""

    title: str
    article: str
    text: str


class SourceOut(Out):
    """A department that is asked, and why."""

    name: str
    why: str


class ItemOut(ItemOutlookOut):
    """An item's declaration; `form_schema` is JSON Schema with x-widget hints for the page."""

    legal_basis: list[BasisOut]
    form_schema: dict[str, Any]
    needs_consent: list[str]
    sources: list[SourceOut]
    verification: str
    approval: str
    sla_text: str
    documents: list[str]


class ItemsOut(Out):
    """All items; one that cannot be used today is there too, with its reason."""

    items: list[ItemOutlookOut]


class CardOut(Out):
    """A payee card; only its last four digits are shown."""

    card_id: str
    bank_code: str
    bank_name: str
    tail4: str
    usable: bool
    usable_from: str
    source: str


class CardsOut(Out):
    """The member's payee cards."""

    cards: list[CardOut]


class RefusalOut(Out):
    """A no that explains itself."""

    code: str
    rule: str
    article: str
    fact: str
    source: str
    change: str
    next_on: str | None
    turn_to: str
    text: str


class PartOut(Out):
    """One line of how the amount came about."""

    label: str
    amount_fen: int | None
    text: str
    source: str


class FactOut(Out):
    """A fact the answer rests on."""

    label: str
    value_text: str
    source: str
    as_of: str


class ChoiceOut(Out):
    """One answer to choose from: what is sent, and how it reads."""

    value: str
    text: str


class QuoteOut(Out):
    """May I, and how much; a quote full of refusals is a 200.

    `asks` are the fields left to fill in; `choices` the answers the records offer, by field. `preview` is what it would
    change, tried out 试算; `verb` what is done with the money: 提 or 还.
    """

    allowed: bool
    max_fen: int | None
    headline: str
    explanation: str
    breakdown: list[PartOut]
    preview: list[PartOut]
    verb: Literal["提", "还"]
    refusals: list[RefusalOut]
    facts: list[FactOut]
    next_on: str | None
    cards: list[CardOut]
    verification: str
    approval: str
    asks: list[str]
    choices: dict[str, list[ChoiceOut]]
    timing: PayTimingOut | None


class ConsentTextOut(Out):
    """The words to agree to, and what to do instead."""

    kind: str
    version: str
    title: str
    paragraphs: list[str]
    agree_label: str
    other_way: dict[str, str] | None


class ConsentIn(In):
    """An agreement to the words of one version."""

    kind: Literal["data_sharing", "face", "face_template"]
    text_version: StrictStr = Field(max_length=20)
    item_code: StrictStr | None = Field(default=None, max_length=60)
    application_id: StrictStr | None = Field(default=None, max_length=40)


class ConsentOut(Out):
    """A consent and whether it still holds."""

    consent_id: str
    kind: str
    text_version: str
    granted_at: str
    withdrawn_at: str | None


class ConsentsOut(Out):
    """Every consent the member gave."""

    consents: list[ConsentOut]


class StepOut(Out):
    """One step of the progress line."""

    key: str
    label: str
    actor: str
    at: str | None
    state: Literal["done", "current", "todo", "failed"]


class CardTail(Out):
    """A card as bank name and last four digits."""

    bank_name: str
    tail4: str


class CertificateOut(Out):
    """A certificate with its file and its public check."""

    certificate_id: str
    number: str
    name: str
    issued_on: str
    valid_until: str
    pdf_url: str
    verify_url: str


class CertificatesOut(Out):
    """The member's certificates."""

    certificates: list[CertificateOut]


class ApplicationOut(Out):
    """An application with its progress; poll with `since_version`."""

    application_id: str
    case_no: str
    item_code: str
    item_name: str
    kind: str
    state: str
    state_text: str
    version: int
    amount_fen: int | None
    amount_words: str | None
    card: CardTail | None
    next_step: Literal["face", "confirm", "wait", "done", "none"]
    waiting_text: str
    steps: list[StepOut]
    refusals: list[RefusalOut]
    certificate: CertificateOut | None
    result: dict[str, Any]
    next_available_on: str | None
    created_at: str
    updated_at: str
    account_balance_fen: int | None
    pay_from: str | None
    cancellable: bool


class ApplicationsOut(Out):
    """The member's applications, newest first."""

    applications: list[ApplicationOut]


class HomeOut(Out):
    """All the home page shows."""

    display_name: str
    account: AccountOut
    postings: list[PostingOut]
    in_progress: list[ApplicationOut]
    attention: list[dict[str, str]]
    items: list[ItemSummary]
    unread_notices: int


class ConfirmIn(In):
    """The passed face session."""

    face_session_id: StrictStr = Field(max_length=40)


class AccessEntry(Out):
    """One act on the member's record."""

    at: str
    actor: str
    action: str
    text: str


class AccessLogOut(Out):
    """Who looked at my data, and what was done."""

    entries: list[AccessEntry]


class ConsentTemplateOut(Out):
    """A message that a member allows WeChat to carry: our name of it, and WeChat's id."""

    name: str
    id: str


class ClientConfigOut(Out):
    """What the page needs to know at start."""

    appid: str
    jweixin_url: str
    hotline: str
    centre: str
    api_version: str
    mini_templates: list[ConsentTemplateOut]
    subscribe_templates: list[ConsentTemplateOut]


class JsSdkOut(Out):
    """Parameters of wx.config for one page."""

    appid: str
    timestamp: str
    nonce: str
    signature: str


class VerifyOut(Out):
    """Whether a file is the certificate as issued; the holder is masked."""

    number: str
    genuine: bool
    name: str
    holder_masked: str
    issued_on: str | None
    valid_until: str | None
    expired: bool
