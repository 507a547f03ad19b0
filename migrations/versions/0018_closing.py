"""Interest of a year: runs, and a receipt for each account; keys made by the database for what is posted in sets.

And what is overdue on loans is held against the books.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_VIEWS = (
    "invariant_i60_a_receipt_is_in_the_books",
    "invariant_i61_interest_paid_is_interest_spent",
    "invariant_i62_a_finished_year_has_a_receipt_for_everybody",
    "invariant_i63_what_is_overdue_stands_on_122",
)

# PostgreSQL 18 makes UUIDv7 itself; on an older server milliseconds are laid over a random one.
_NEW_KEY = """
DO $$ BEGIN
    IF current_setting('server_version_num')::int >= 180000 THEN
        CREATE FUNCTION new_key() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS 'SELECT uuidv7()';
    ELSE
        CREATE FUNCTION new_key() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $f$
            SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
                PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
                FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
        $f$;
    END IF;
END $$
"""
_RECEIPT = """
CREATE VIEW invariant_i60_a_receipt_is_in_the_books AS
SELECT r.account_id, r.settled_on, r.interest_fen, coalesce(sum(-p.fen), 0) AS booked_fen
FROM interest_receipt r
LEFT JOIN journal j ON j.account_id = r.account_id AND j.business_ref = 'interest\\:' || r.settled_on || '\\:credit'
LEFT JOIN posting p ON p.account_id = j.account_id AND p.journal_id = j.journal_id AND p.gl_code = '201'
GROUP BY 1, 2, 3
HAVING r.interest_fen <> coalesce(sum(-p.fen), 0)
"""
_SPENT = """
CREATE VIEW invariant_i61_interest_paid_is_interest_spent AS
SELECT * FROM (
    SELECT coalesce(sum(p.fen) FILTER (WHERE p.gl_code = '411'), 0) AS spent_fen,
           coalesce(sum(-p.fen) FILTER (WHERE p.gl_code = '201'), 0) AS paid_fen,
           coalesce(sum(p.fen) FILTER (WHERE p.gl_code = '211'), 0) AS payable_fen
    FROM journal j JOIN posting p USING (account_id, journal_id)
    WHERE j.kind IN ('interest', 'interest_accrual')
) AS books WHERE spent_fen <> paid_fen OR payable_fen <> 0
"""
_EVERYBODY = """
CREATE VIEW invariant_i62_a_finished_year_has_a_receipt_for_everybody AS
SELECT run.settled_on, a.account_id FROM interest_run run
JOIN provident_fund_account a ON a.opened_on < run.settled_on
    AND (a.closed_on IS NULL OR a.closed_on >= run.settled_on)
JOIN member m ON m.account_id = a.account_id AND m.created_at < run.begun_at
WHERE run.finished_at IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM interest_receipt r WHERE r.account_id = a.account_id AND r.settled_on >= run.settled_on)
"""
_OVERDUE = """
CREATE VIEW invariant_i63_what_is_overdue_stands_on_122 AS
SELECT l.account_id, l.loan_id, coalesce(i.fen, 0) AS overdue_fen, coalesce(b.fen, 0) AS booked_fen
FROM loan l
LEFT JOIN (
    SELECT account_id, loan_id, sum(principal_fen) AS fen FROM loan_instalment WHERE state = 'overdue' GROUP BY 1, 2
) i ON i.account_id = l.account_id AND i.loan_id = l.loan_id
LEFT JOIN (
    SELECT split_part(j.business_ref, ':', 2) AS loan_id, sum(p.fen) AS fen
    FROM journal j JOIN posting p USING (account_id, journal_id)
    WHERE j.business_ref LIKE 'loan:%' AND p.gl_code = '122' GROUP BY 1
) b ON b.loan_id = l.loan_id::text
WHERE coalesce(i.fen, 0) <> coalesce(b.fen, 0)
"""
_GRANTS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT SELECT, INSERT, UPDATE ON interest_run TO anju_app;
        GRANT SELECT, INSERT ON interest_receipt TO anju_app;
        REVOKE UPDATE, DELETE, TRUNCATE ON interest_receipt FROM anju_app;
        GRANT SELECT ON {views} TO anju_app;
        GRANT EXECUTE ON FUNCTION new_key() TO anju_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_ro') THEN
        GRANT SELECT ON interest_run, interest_receipt, {views} TO anju_ro;
    END IF;
END $$
"""


def upgrade() -> None:
    """Apply."""
    op.execute(_NEW_KEY)
    op.create_table(
        "interest_run",
        sa.Column("settled_on", sa.Date(), nullable=False),
        sa.Column("day_basis", sa.SmallInteger(), nullable=False),
        sa.Column("begun_at", _AT, nullable=False),
        sa.Column("reached", sa.Uuid(), nullable=True),
        sa.Column("accounts", sa.BigInteger(), nullable=False),
        sa.Column("interest_fen", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("settled_on", name=op.f("pk_interest_run")),
    )
    op.create_table(
        "interest_receipt",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("fen_days", sa.BigInteger(), nullable=False),
        sa.Column("interest_fen", sa.BigInteger(), nullable=False),
        sa.Column("balance_fen", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("posted_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "settled_on", name=op.f("pk_interest_receipt")),
        sa.CheckConstraint("interest_fen >= 0", name=op.f("ck_interest_receipt_not_negative")),
        sa.CheckConstraint("from_on <= settled_on", name=op.f("ck_interest_receipt_forward")),
    )
    op.execute(
        "CREATE TRIGGER interest_receipt_append_only BEFORE UPDATE OR DELETE ON interest_receipt"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    for view in (_RECEIPT, _SPENT, _EVERYBODY, _OVERDUE):
        op.execute(view)
    op.execute(_GRANTS.format(views=", ".join(_VIEWS)))


def downgrade() -> None:
    """Take back."""
    for view in _VIEWS:
        op.execute(f"DROP VIEW {view}")
    op.drop_table("interest_receipt")
    op.drop_table("interest_run")
    op.execute("DROP FUNCTION new_key")
