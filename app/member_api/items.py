"""Items 事项: declarations, quotes and applications; one route for each item, each with its own form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import g

from app.http.auth import member_only
from app.http.checked import answered_or_checked
from app.http.idempotency import run_once
from app.http.rate_limit import Limit, hit
from app.member_api.item_views import item_outlook, item_view
from app.member_api.phone_codes import add_phone_code, count_phone_code
from app.member_api.schemas import ApplicationOut, ItemOut, ItemsOut, QuoteOut
from app.member_api.showing import show
from app.member_api.views import card_view, quote_view
from app.ports import ports
from services.accounts.service import cards_of
from services.core.clock import shanghai_day
from services.core.db import transaction
from services.core.identity import check_card_no, check_phone
from services.items.declaration import Form, Item
from services.items.outlook import outlook, outlooks
from services.items.phone_codes import number_of
from services.items.registry import Registry
from services.items.timing import pay_timing

QUOTES = Limit("quotes", 60, 60)
SUBMITS = Limit("submits", 20, 60)
_LIST = "今天能不能办只看中心自己的记录，不查外部门；`usable` 为 false 的附原因 `why` 和最早日期 `next_on`。"


def make_blueprint(registry: Registry) -> APIBlueprint:
    """Routes for every item of the registry."""
    blueprint = APIBlueprint("items", __name__, url_prefix="/api/v1", tag="事项")
    blueprint.get("/items")(
        blueprint.output(ItemsOut)(blueprint.doc(summary="全部事项", description=_LIST)(_list()))
    )
    for item in registry:
        _add_item(blueprint, item, registry.partial_form(item))
    return blueprint


def _list() -> Callable[[], Any]:
    @member_only
    def list_items() -> Any:
        """All items, in the order members see them; nobody outside is asked."""
        engine = ports().engine
        with transaction(ports().sessions) as session:
            local, policy = engine.local(session, g.account_id), engine.policy(session)
            found = outlooks(engine.items(), local, engine.registry.partial_form, policy)
        return {"items": [item_outlook(engine.registry.get(code), one) for code, one in found.items()]}

    return list_items


def _add_item(blueprint: APIBlueprint, item: Item, partial: type[Form]) -> None:
    path, name = f"/items/{item.code}", item.code.replace("-", "_")
    show_view = blueprint.output(ItemOut)(blueprint.doc(summary=f"{item.name_zh}：说明")(_show(item)))
    quote_input = blueprint.input(partial, arg_name="form")
    quote_doc = blueprint.doc(
        summary=f"{item.name_zh}：能不能办、能办多少", description="表单可以只填一部分。"
    )
    quote = quote_input(blueprint.output(QuoteOut)(quote_doc(_quote(item))))
    submit_input = blueprint.input(item.form, arg_name="form")
    submit_doc = blueprint.doc(summary=f"{item.name_zh}：提交", description="需要请求头 Idempotency-Key。")
    submit = submit_input(blueprint.output(ApplicationOut, status_code=201)(submit_doc(_submit(item))))
    blueprint.add_url_rule(path, f"show_{name}", show_view, methods=["GET"])
    blueprint.add_url_rule(f"{path}/quote", f"quote_{name}", quote, methods=["POST"])
    blueprint.add_url_rule(f"{path}/applications", f"submit_{name}", submit, methods=["POST"])
    add_phone_code(blueprint, item)


def _show(item: Item) -> Callable[[], Any]:
    @member_only
    def show_item() -> Any:
        """The declaration."""
        own = ports()
        own.engine.require_open(item)
        with transaction(own.sessions) as session:
            facts = own.engine.local(session, g.account_id).facts(item, interest=False)
            found = outlook(item, facts, own.engine.registry.partial_form(item)(), own.engine.policy(session))
        return item_view(item, found, shanghai_day(own.clock.now()))

    return show_item


def _quote(item: Item) -> Callable[..., Any]:
    @member_only
    def quote_item(form: Any) -> Any:
        """Judge the item for the member, with what is filled in so far."""
        own = ports()
        hit(QUOTES, str(g.account_id))
        _check_fields(item, form)
        prepared = own.engine.prepare(g.account_id, item, form)
        with transaction(own.sessions) as session:
            cards = (
                [card_view(card, own.clock.now()) for card in cards_of(session, g.account_id)]
                if item.kind == "withdrawal" or "card_id" in item.form.model_fields
                else []
            )
            quote = own.engine.quote(session, g.account_id, prepared)
            return quote_view(
                quote, form, cards, pay_timing(session, g.account_id, quote, form, own.clock.now())
            )

    return quote_item


def _submit(item: Item) -> Callable[..., Any]:
    @member_only
    def submit_item(form: Any) -> Any:
        """Open an application."""
        own, account_id = ports(), g.account_id
        hit(SUBMITS, str(account_id))
        _check_fields(item, form)
        operation, body = f"submit:{item.code}", form.model_dump(mode="json")
        answered = answered_or_checked(
            account_id, operation, body, lambda: count_phone_code(account_id, item, form)
        )
        if answered is not None:
            return answered
        prepared = own.engine.prepare(account_id, item, form, g.principal.openid)
        return run_once(
            account_id,
            operation,
            body,
            lambda session: show(session, own, own.engine.submit(session, account_id, prepared)),
        )

    submit_item.needs_key = True  # type: ignore[attr-defined]
    return submit_item


def _check_fields(item: Item, form: Any) -> None:
    card_no, phone = getattr(form, "card_no", None), number_of(item, form)
    if card_no is not None:
        check_card_no(card_no)
    if phone is not None:
        check_phone(phone)
