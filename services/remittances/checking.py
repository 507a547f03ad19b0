"""Checking a batch 核对: every line against the centre's records, in sets; what is wrong is a row with a code."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import TextClause, delete, text
from sqlalchemy.orm import Session

from services.contributions.rules import next_month
from services.core.clock import shanghai_day
from services.policies.rules import Policy
from services.policies.service import PolicyBook
from services.remittances.employers import NORMAL
from services.remittances.models import BACK_PAYMENT, REGULAR, Employer, RemittanceBatch, RemittanceFault
from services.remittances.rules import Limits

MOST_FAULTS = 1_000
"""Lines with faults that are kept; a file wrong in more places than that is wrong as a whole."""
_LINES = text("""
WITH line AS (
    SELECT l.line_no, a.account_id, a.state, a.employer, a.opened_on, m.id_no_mac = l.id_no_mac AS same_person,
           l.base_fen, a.contribution_base_fen, a.contribution_rate_percent, l.unit_fen, l.member_fen,
           least((2 * l.base_fen * :percent + :bias) / :divisor * :unit, :share_most) AS share_fen,
           c.account_id IS NOT NULL AS paid
    FROM remittance_line l
    LEFT JOIN provident_fund_account a ON a.account_no = l.account_no
    LEFT JOIN member m ON m.account_id = a.account_id
    LEFT JOIN contribution c ON c.account_id = a.account_id AND c.month = :month
    WHERE l.batch_id = :batch_id
), wrong AS (
    SELECT * FROM line
    WHERE (account_id IS NOT NULL AND same_person AND employer = :employer AND state = '01' AND opened_on <= :month_end
           AND NOT paid AND base_fen BETWEEN :base_least AND :base_most AND unit_fen = share_fen
           AND member_fen = share_fen
           AND (:any_base OR (base_fen = contribution_base_fen AND contribution_rate_percent = :percent))) IS NOT TRUE
    ORDER BY line_no LIMIT :most
)
INSERT INTO remittance_fault (batch_id, line_no, code)
SELECT :batch_id, line_no, code FROM wrong CROSS JOIN LATERAL (VALUES
    ('account_unknown', account_id IS NULL),
    ('person_differs', account_id IS NOT NULL AND same_person IS NOT TRUE),
    ('employer_differs', employer <> :employer),
    ('account_closed', state NOT IN ('01', '02', '06')),
    ('account_frozen', state = '06'),
    ('account_sealed', state = '02'),
    ('account_later', opened_on > :month_end),
    ('month_paid', paid),
    ('base_low', base_fen < :base_least),
    ('base_high', base_fen > :base_most),
    ('base_differs', NOT :any_base AND base_fen <> contribution_base_fen),
    ('percent_differs', NOT :any_base AND contribution_rate_percent <> :percent),
    ('unit_share', unit_fen <> share_fen),
    ('member_share', member_fen <> share_fen)
) AS fault (code, found)
WHERE found
""")
_ACTIVE = text("SELECT count(*) FROM provident_fund_account WHERE employer = :employer AND state = '01'")


def check(
    session: Session, policies: PolicyBook, employer: Employer, batch: RemittanceBatch, at: datetime
) -> bool:
    """Whether all of a batch is right now; what is wrong replaces what was found before."""
    batch.checked_at = at
    session.execute(delete(RemittanceFault).where(RemittanceFault.batch_id == batch.batch_id))
    policy = policies.on(session, batch.month)
    limits = limits_of(policy)
    found = list(_of_batch(session, employer, batch, limits, shanghai_day(at)))
    for code in found:
        session.add(RemittanceFault(batch_id=batch.batch_id, line_no=0, code=code))
    session.flush()
    wrong = _rows(session, _LINES, _values(employer, batch, limits)) if limits is not None else 0
    return not found and not wrong


def limits_of(policy: Policy) -> Limits | None:
    """The figures of a month; None where no rule is known for it."""
    try:
        return Limits(
            base_least_fen=policy.integer("contribution.base_least_fen"),
            base_most_fen=policy.integer("contribution.base_most_fen"),
            percent_least=policy.integer("contribution.percent_least"),
            percent_most=policy.integer("contribution.percent_most"),
            month_most_fen=policy.integer("contribution.month_most_fen"),
            unit_fen=policy.integer("contribution.share_unit_fen"),
            half_up=bool(policy.values["contribution.share_half_up"]),
        )
    except KeyError:
        return None


def _of_batch(
    session: Session, employer: Employer, batch: RemittanceBatch, limits: Limits | None, today: date
) -> list[str]:
    """What is wrong with the whole."""
    expected = next_month(employer.paid_through) if employer.paid_through else batch.month
    active = session.scalar(_ACTIVE, {"employer": employer.name}) or 0
    rules = (
        ("employer_state", employer.state != NORMAL),
        ("month_unknown", limits is None),
        (
            "percent_range",
            limits is not None and not limits.percent_least <= batch.percent <= limits.percent_most,
        ),
        ("month_future", batch.month > today),
        ("month_order", batch.kind == REGULAR and batch.month <= today and batch.month != expected),
        ("month_not_behind", batch.kind == BACK_PAYMENT and batch.month >= today.replace(day=1)),
        ("people_more", batch.people > active),
    )
    return [code for code, holds in rules if holds]


def _values(employer: Employer, batch: RemittanceBatch, limits: Limits) -> dict[str, object]:
    return {
        "batch_id": batch.batch_id,
        "month": batch.month,
        "month_end": next_month(batch.month) - timedelta(days=1),
        "employer": employer.name,
        "percent": batch.percent,
        "any_base": batch.kind == BACK_PAYMENT,
        "base_least": limits.base_least_fen,
        "base_most": limits.base_most_fen,
        "bias": limits.bias,
        "divisor": limits.divisor,
        "unit": limits.unit_fen,
        "share_most": limits.month_most_fen // 2,
        "most": MOST_FAULTS,
    }


def _rows(session: Session, statement: TextClause, values: dict[str, object]) -> int:
    return int(session.execute(statement, values).rowcount)  # type: ignore[attr-defined]
