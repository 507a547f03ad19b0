"""Transfers between cities: letters, their states and the money that comes with them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_IN_FLIGHT = "uq_application_item_in_flight"
_LIVE = "kind <> 'withdrawal' AND state IN ('submitted', 'verifying', 'in_review'{more})"

_ONCE = """
CREATE VIEW invariant_i40_a_transfer_is_credited_once AS
SELECT t.account_id, t.application_id, t.state, count(j.journal_id) AS journals
FROM transfer_in t
LEFT JOIN journal j ON j.account_id = t.account_id AND j.business_ref = 'transfer:' || t.letter_no
GROUP BY 1, 2, 3
HAVING count(j.journal_id) <> (t.state = 'credited')::int
"""
_LETTER = """
CREATE VIEW invariant_i41_no_credit_without_letter AS
SELECT j.account_id, j.journal_id
FROM journal j
JOIN posting p USING (account_id, journal_id)
LEFT JOIN transfer_in t ON t.account_id = j.account_id AND j.business_ref = 'transfer:' || t.letter_no
LEFT JOIN LATERAL (
    SELECT coalesce(sum(m.amount_fen), 0) AS fen FROM transfer_money m
    WHERE m.account_id = t.account_id AND m.application_id = t.application_id AND m.state = 'credited'
) AS came ON true
WHERE j.kind = 'transfer_in' AND p.gl_code = '201'
GROUP BY 1, 2, t.amount_fen, came.fen
HAVING t.amount_fen IS NULL OR came.fen IS DISTINCT FROM -sum(p.fen)
"""
_HELD = """
CREATE VIEW invariant_i42_money_held_for_transfers_is_known AS
SELECT coalesce(p.account_id, m.account_id) AS account_id, coalesce(p.fen, 0) AS booked_fen, coalesce(m.fen, 0) AS known_fen
FROM (SELECT account_id, -sum(fen) AS fen FROM posting WHERE gl_code = '21901' GROUP BY 1) AS p
FULL JOIN (
    SELECT account_id, sum(amount_fen) AS fen FROM transfer_money
    WHERE direction = 'credit' AND state IN ('waiting', 'open') GROUP BY 1
) AS m USING (account_id)
WHERE coalesce(p.fen, 0) <> coalesce(m.fen, 0)
"""
_SEEN = """
CREATE VIEW invariant_i43_transfer_money_is_on_the_statement AS
SELECT m.account_id, m.notice_key FROM transfer_money m
LEFT JOIN bank_notice b ON b.notice_key = m.notice_key AND b.amount_fen = m.amount_fen
WHERE b.notice_key IS NULL
UNION ALL
SELECT t.account_id, b.notice_key FROM bank_notice b
JOIN transfer_in t ON t.money_no = b.instruction_no
LEFT JOIN transfer_money m ON m.notice_key = b.notice_key
WHERE m.notice_key IS NULL
"""
_FOLLOWS = """
CREATE VIEW invariant_i44_application_follows_transfer AS
SELECT t.account_id, t.application_id, t.state, a.state AS application_state
FROM transfer_in t JOIN application a USING (account_id, application_id)
WHERE a.state IS DISTINCT FROM CASE t.state
    WHEN 'credited' THEN 'completed' WHEN 'refused' THEN 'refused' WHEN 'withdrawn' THEN 'cancelled'
    WHEN 'differs' THEN 'in_review' ELSE 'forwarded' END
  AND NOT (t.state = 'differs' AND a.state = 'refused')
"""
_OPEN = """
CREATE VIEW transfer_break AS
SELECT m.account_id, m.application_id, t.case_no, t.letter_no, t.centre_name, t.state, t.amount_fen AS letter_fen,
       m.direction, m.amount_fen, m."on", m.at
FROM transfer_money m JOIN transfer_in t USING (account_id, application_id)
WHERE m.state = 'open' OR (m.state = 'waiting' AND t.state IN ('differs', 'refused', 'withdrawn'))
"""
_VIEWS = (
    "invariant_i40_a_transfer_is_credited_once",
    "invariant_i41_no_credit_without_letter",
    "invariant_i42_money_held_for_transfers_is_known",
    "invariant_i43_transfer_money_is_on_the_statement",
    "invariant_i44_application_follows_transfer",
    "transfer_break",
)
_GRANTS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT SELECT, INSERT, UPDATE ON transfer_in, transfer_money TO anju_app;
        GRANT SELECT, INSERT ON transfer_letter TO anju_app;
        GRANT SELECT ON invariant_i40_a_transfer_is_credited_once, invariant_i41_no_credit_without_letter,
            invariant_i42_money_held_for_transfers_is_known, invariant_i43_transfer_money_is_on_the_statement,
            invariant_i44_application_follows_transfer, transfer_break TO anju_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_ro') THEN
        GRANT SELECT ON transfer_in, transfer_letter, transfer_money,
            invariant_i40_a_transfer_is_credited_once, invariant_i41_no_credit_without_letter,
            invariant_i42_money_held_for_transfers_is_known, invariant_i43_transfer_money_is_on_the_statement,
            invariant_i44_application_follows_transfer, transfer_break TO anju_ro;
    END IF;
END $$
"""


def upgrade() -> None:
    """Apply."""
    _transfer()
    _letter()
    _money()
    _in_flight(", 'forwarded'")
    for view in (_ONCE, _LETTER, _HELD, _SEEN, _FOLLOWS, _OPEN):
        op.execute(view)
    op.execute(_GRANTS)


def _in_flight(more: str) -> None:
    """One live application of an item; waiting for another centre counts as live."""
    op.drop_index(_IN_FLIGHT, table_name="application")
    op.create_index(
        _IN_FLIGHT,
        "application",
        ["account_id", "item_code"],
        unique=True,
        postgresql_where=sa.text(_LIVE.format(more=more)),
    )


def _transfer() -> None:
    op.create_table(
        "transfer_in",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("case_no", sa.String(length=15), nullable=False),
        sa.Column("letter_no", sa.String(length=16), nullable=False),
        sa.Column("money_no", sa.String(length=15), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("centre_code", sa.String(length=6), nullable=False),
        sa.Column("centre_name", sa.String(length=60), nullable=False),
        sa.Column("former_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=True),
        sa.Column("look_again_at", _INSTANT, nullable=True),
        sa.Column("silent_told_at", _INSTANT, nullable=True),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.Column("answered_at", _INSTANT, nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("principal_fen", sa.BigInteger(), nullable=True),
        sa.Column("interest_fen", sa.BigInteger(), nullable=True),
        sa.Column("opened_month", sa.String(length=7), nullable=True),
        sa.Column("paid_through_month", sa.String(length=7), nullable=True),
        sa.Column("six_months", sa.Boolean(), nullable=True),
        sa.Column("loans", sa.SmallInteger(), nullable=True),
        sa.Column("unsettled_loan", sa.Boolean(), nullable=True),
        sa.Column("misuse", sa.Boolean(), nullable=True),
        sa.Column("credited_at", _INSTANT, nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.CheckConstraint(
            "amount_fen IS NULL OR amount_fen = principal_fen + interest_fen",
            name=op.f("ck_transfer_in_parts"),
        ),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (amount_fen IS NULL)", name=op.f("ck_transfer_in_answer_is_whole")
        ),
        sa.CheckConstraint(
            "(credited_at IS NULL) = (state <> 'credited')", name=op.f("ck_transfer_in_credited_has_a_time")
        ),
        sa.PrimaryKeyConstraint("account_id", "application_id", name=op.f("pk_transfer_in")),
        sa.UniqueConstraint("letter_no", name=op.f("uq_transfer_in_letter_no")),
        sa.UniqueConstraint("money_no", name=op.f("uq_transfer_in_money_no")),
    )
    op.create_index("ix_transfer_in_look_again_at", "transfer_in", ["look_again_at"])


def _of_a_transfer(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id", "application_id"],
        ["transfer_in.account_id", "transfer_in.application_id"],
        name=op.f(f"fk_{table}_account_id_application_id"),
    )


def _letter() -> None:
    op.create_table(
        "transfer_letter",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("letter_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("says", postgresql.JSONB(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.CheckConstraint("direction IN ('out', 'in')", name=op.f("ck_transfer_letter_direction")),
        _of_a_transfer("transfer_letter"),
        sa.PrimaryKeyConstraint("account_id", "letter_id", name=op.f("pk_transfer_letter")),
        sa.UniqueConstraint(
            "account_id",
            "application_id",
            "digest",
            name=op.f("uq_transfer_letter_account_id_application_id_digest"),
        ),
    )


def _money() -> None:
    op.create_table(
        "transfer_money",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("notice_key", sa.LargeBinary(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.String(length=6), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_transfer_money_amount")),
        sa.CheckConstraint(
            "state IN ('waiting', 'credited', 'taken_back', 'open')", name=op.f("ck_transfer_money_state")
        ),
        _of_a_transfer("transfer_money"),
        sa.PrimaryKeyConstraint("account_id", "notice_key", name=op.f("pk_transfer_money")),
    )


def downgrade() -> None:
    """Undo."""
    for view in _VIEWS:
        op.execute(f"DROP VIEW {view}")
    _in_flight("")
    for table in ("transfer_money", "transfer_letter", "transfer_in"):
        op.drop_table(table)
