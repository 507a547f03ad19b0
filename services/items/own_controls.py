"""The member's own lock and daily limit in quotes and payments 提取锁与自设限额: what they say no to, and what they cut.

A lock stops every payment that leaves, and what the fund would repay; a card that repays a loan is not the account's
money. Agreed runs are judged by the run itself (docs/adr/0024).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.accounts.controls import Controls, controls_of
from services.accounts.restored import BooksBehind
from services.applications.models import MONEY, Application
from services.core.clock import SHANGHAI, Clock, shanghai_day, shanghai_iso
from services.core.errors import Forbidden
from services.core.money import yuan_text
from services.items.cooling import refuse_cooling
from services.items.declaration import Amount, CloseAccount, Effect, Item, Part, Refusal, RepayLoan, Rule
from services.items.facts import AccountFacts, Facts
from services.policies.rules import Policy
from services.withdrawals.states import COUNTED_STATES

_OWN = "您自己的设置"
_ARTICLE = "本人自愿设置，本中心办事规则"
_LEFT = text(
    "SELECT coalesce(sum(a.amount_fen), 0) FROM application a"
    " LEFT JOIN payment_instruction p ON p.account_id = a.account_id AND p.application_id = a.application_id"
    " WHERE a.account_id = :account_id AND a.kind = :money AND a.payee_sealed IS NOT NULL"
    " AND (a.submitted_on = :today OR (p.created_at AT TIME ZONE 'Asia/Shanghai')::date = :today)"
    " AND a.state = ANY(:counted) AND a.application_id IS DISTINCT FROM :but"
)


class AccountLocked(Forbidden):
    """The member has locked the account: no money leaves it."""

    code, title = "withdrawal.locked", "已上提取锁"


class OverOwnLimit(Forbidden):
    """More than the member lets leave in a day."""

    code, title = "withdrawal.over_own_limit", "超过您自己设的限额"


def left_today_fen(session: Session, account_id: UUID, today: date, but: UUID | None = None) -> int:
    """What has left for a card today, paid and pending; without the application `but`.

    Asked for or approved today: what midnight or a review lies between counts on the day its money is held, too.
    """
    values = {
        "account_id": account_id,
        "money": MONEY,
        "today": today,
        "counted": list(COUNTED_STATES),
        "but": but,
    }
    return int(session.scalar(_LEFT, values) or 0)


def with_controls(session: Session, account_id: UUID, facts: AccountFacts, at: datetime) -> AccountFacts:
    """The account's facts with lock and limit; what has left today is counted only where there is a limit."""
    held = controls_of(session, account_id, at)
    if not held.locked and held.limit_fen is None:
        return facts
    return replace(
        facts,
        locked_since=shanghai_iso(held.locked_at) if held.locked_at else None,
        unlocks_at=shanghai_iso(held.unlock_from) if held.unlock_from else None,
        own_limit_fen=held.limit_fen,
        left_today_fen=left_today_fen(session, account_id, shanghai_day(at))
        if held.limit_fen is not None
        else 0,
    )


def leaves_fund(effect: Effect) -> bool:
    """Whether an effect takes money out of the member's account."""
    return not (isinstance(effect, RepayLoan) and effect.source == "card")


def locked_refusal(since: str, unlocks_at: str | None) -> Refusal:
    """The no of a lock, with its end if there is one."""
    opens = datetime.fromisoformat(unlocks_at) if unlocks_at else None
    when = f"{_moment(opens)}会自动打开" if opens else "在“提取锁和限额”里解锁，刷脸以后等一段时间就打开"
    return Refusal(
        code="withdrawal.locked",
        rule="上了提取锁，账户里的钱不能提",
        article=_ARTICLE,
        fact=f"提取锁从{_moment(datetime.fromisoformat(since))}起锁着",
        source=_OWN,
        change=when,
        text=f"您的账户上了提取锁，钱现在提不出去。{when}。",
        next_on=opens.astimezone(SHANGHAI).date() if opens else None,
        turn_to="不是您锁的？请拨打 12329，或带身份证到任一网点。",
    )


def _moment(at: datetime) -> str:
    local = at.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日 {local:%H:%M} "


def not_locked(item: Item) -> Rule:
    """The rule of the lock for one item."""

    def rule(facts: Facts, form: Any, policy: Policy) -> Refusal | None:
        since = facts.account.locked_since
        if since is None or not leaves_fund(item.effect_for(form)):
            return None
        return locked_refusal(since, facts.account.unlocks_at)

    rule.__doc__ = "没有上提取锁."
    return rule


def guarded(item: Item) -> Item:
    """An item that moves money, with the rule of the lock before its own."""
    return replace(item, eligibility=(not_locked(item), *item.eligibility)) if item.kind == MONEY else item


def within_own_limit(
    item: Item, facts: Facts, form: Any, amount: Amount | None
) -> tuple[Amount | None, Refusal | None]:
    """An amount cut to what the member lets leave today; refused where nothing is left, or where all must go at once."""
    limit_fen = facts.account.own_limit_fen
    if amount is None or limit_fen is None or item.repays(form):
        return amount, None
    left_fen = max(0, limit_fen - facts.account.left_today_fen)
    all_at_once = isinstance(item.effect_for(form), CloseAccount)
    if left_fen == 0 or (all_at_once and amount.max_fen > left_fen):
        return amount, limit_refusal(limit_fen, facts.account.left_today_fen)
    gone = facts.account.left_today_fen
    why = f"今天已提 {yuan_text(gone)} 元，还可以提 {yuan_text(left_fen)} 元" if gone else "今天还没有提过"
    part = Part("您自己设的每日限额", limit_fen, why, _OWN)
    return replace(amount, max_fen=min(amount.max_fen, left_fen), parts=(*amount.parts, part)), None


def limit_refusal(limit_fen: int, gone_fen: int) -> Refusal:
    """The no of the member's own limit."""
    limit, gone = yuan_text(limit_fen), yuan_text(gone_fen)
    return Refusal(
        code="withdrawal.over_own_limit",
        rule="一天提取不超过您自己设的限额",
        article=_ARTICLE,
        fact=f"您自己设的每日限额是 {limit} 元，今天已提 {gone} 元",
        source=_OWN,
        change="少提一点，明天再提，或者在“提取锁和限额”里调高限额",
        text=f"您自己设了一天最多提 {limit} 元，今天已提 {gone} 元，这一笔超过了。可以在“提取锁和限额”里调高。",
    )


def refuse_locked(session: Session, account_id: UUID, effect: Effect, at: datetime) -> Controls:
    """Raises AccountLocked for money that would leave a locked account; the caller holds the account's lock.

    Raises BooksBehind for any money, a card's too: a payment that restored books do not know would go a second time.
    """
    held = controls_of(session, account_id, at)
    if held.books_behind:
        raise BooksBehind
    if held.locked_at is not None and leaves_fund(effect):
        unlocks_at = shanghai_iso(held.unlock_from) if held.unlock_from else None
        refusal = locked_refusal(shanghai_iso(held.locked_at), unlocks_at)
        raise AccountLocked(refusal.text + "钱没有动。", extra={"refusals": [refusal.to_json()]})
    return held


def refuse_kept_back(session: Session, account_id: UUID, item: Item, effect: Effect, at: datetime) -> None:
    """Raises StillCooling, BooksBehind or AccountLocked for money that may not leave now, whoever asks and however it is proven."""
    refuse_cooling(session, account_id, item, at)
    if item.kind == MONEY:
        refuse_locked(session, account_id, effect, at)


def refuse_controlled(
    session: Session, application: Application, effect: Effect, due_fen: int | None, clock: Clock
) -> None:
    """The last word before money is held: raises BooksBehind, AccountLocked, OverOwnLimit. The caller holds the account's lock.

    `due_fen` is what an item that pays everything pays today; else the amount is the application's.
    """
    if application.kind != MONEY:
        return
    at = clock.now()
    held = refuse_locked(session, application.account_id, effect, at)
    if held.limit_fen is None or isinstance(effect, RepayLoan):
        return
    gone_fen = left_today_fen(
        session, application.account_id, shanghai_day(at), but=application.application_id
    )
    amount_fen = (application.amount_fen or 0) if due_fen is None else due_fen
    if gone_fen + amount_fen > held.limit_fen:
        refusal = limit_refusal(held.limit_fen, gone_fen)
        raise OverOwnLimit(refusal.text + "钱没有动。", extra={"refusals": [refusal.to_json()]})
