"""Remittances: employers, their batches and lines, and the money that comes for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_LIVE = "state NOT IN ('refused', 'cancelled', 'reversed')"
_MONEY = """
CREATE VIEW invariant_i70_remittance_money_is_in_the_books AS
SELECT e.employer_id, coalesce(p.fen, 0) AS booked_fen, coalesce(r.fen, 0) AS known_fen
FROM employer e
LEFT JOIN (
    SELECT account_id, -sum(fen) AS fen FROM posting WHERE gl_code = '21902' GROUP BY 1
) AS p ON p.account_id = e.employer_id
LEFT JOIN (
    SELECT employer_id, sum(amount_fen) AS fen FROM remittance_receipt
    WHERE direction = 'credit' AND state IN ('open', 'allotted') GROUP BY 1
) AS r ON r.employer_id = e.employer_id
WHERE coalesce(p.fen, 0) <> coalesce(r.fen, 0)
"""
_CLEARING = """
CREATE VIEW invariant_i71_the_clearing_account_is_what_is_not_posted AS
SELECT * FROM (
    SELECT -(SELECT coalesce(sum(fen), 0) FROM posting WHERE gl_code = '21902') AS booked_fen,
           (SELECT coalesce(sum(amount_fen), 0) FROM remittance_receipt
            WHERE direction = 'credit' AND state IN ('open', 'allotted'))
         - (SELECT coalesce(sum(posted_fen), 0) FROM remittance_batch) AS known_fen
) AS clearing WHERE booked_fen <> known_fen
"""
_LINES = """
CREATE VIEW invariant_i72_a_posted_batch_posted_every_line_once AS
SELECT b.batch_no, b.state, b.people, b.posted_fen, coalesce(c.n, 0) AS posted, coalesce(c.fen, 0) AS contributed_fen
FROM remittance_batch b
LEFT JOIN (
    SELECT batch_id, count(*) AS n, sum(amount_fen) AS fen FROM contribution WHERE batch_id IS NOT NULL GROUP BY 1
) AS c USING (batch_id)
LEFT JOIN (
    SELECT batch_id, count(*) AS n FROM remittance_fault WHERE code = 'left_out' GROUP BY 1
) AS f USING (batch_id)
WHERE b.posted_fen <> coalesce(c.fen, 0)
   OR (b.state = 'posted' AND b.people <> coalesce(c.n, 0) + coalesce(f.n, 0))
   OR (b.state NOT IN ('posting', 'posted', 'reversing', 'reversed') AND coalesce(c.n, 0) > 0)
"""
_BOOKED = """
CREATE VIEW invariant_i73_a_contribution_of_a_batch_is_in_the_books AS
SELECT c.account_id, c.month, c.amount_fen, coalesce(-sum(p.fen), 0) AS booked_fen
FROM contribution c
JOIN remittance_batch b USING (batch_id)
LEFT JOIN journal j ON j.account_id = c.account_id
    AND j.business_ref = 'contribution\\:' || to_char(c.month, 'YYYY-MM') || '\\:' || b.batch_no
LEFT JOIN posting p ON p.account_id = j.account_id AND p.journal_id = j.journal_id AND p.gl_code = '201'
GROUP BY 1, 2, 3
HAVING c.amount_fen <> coalesce(-sum(p.fen), 0)
"""
_COVERED = """
CREATE VIEW invariant_i74_no_batch_is_posted_without_its_money AS
SELECT b.batch_no, b.posted_fen, b.received_fen, coalesce(r.fen, 0) AS kept_fen
FROM remittance_batch b
LEFT JOIN (
    SELECT batch_id, sum(amount_fen) AS fen FROM remittance_receipt
    WHERE direction = 'credit' AND state = 'allotted' GROUP BY 1
) AS r USING (batch_id)
WHERE b.received_fen <> coalesce(r.fen, 0) OR b.posted_fen > b.received_fen
"""
_TWO_PEOPLE = """
CREATE VIEW invariant_i75_two_people_take_a_batch_back AS
SELECT b.batch_no, b.state FROM remittance_batch b
LEFT JOIN remittance_reversal r USING (batch_id)
WHERE b.state IN ('reversing', 'reversed') AND r.approved IS NOT TRUE
"""
_GUARDS = (
    """
CREATE FUNCTION refuse_reversal_of_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM remittance_reversal r WHERE r.batch_id = NEW.batch_id AND r.approved) THEN
        RAISE EXCEPTION 'no second person approved taking back batch %', NEW.batch_no USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
""",
    """
CREATE TRIGGER remittance_batch_reversed_by_two BEFORE UPDATE OF state ON remittance_batch
    FOR EACH ROW WHEN (NEW.state IN ('reversing', 'reversed') AND NEW.state <> OLD.state)
    EXECUTE FUNCTION refuse_reversal_of_one()
""",
    """
CREATE FUNCTION refuse_other_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an approved reversal stays as it was approved' USING ERRCODE = 'check_violation';
END $$
""",
    """
CREATE TRIGGER remittance_reversal_stays BEFORE UPDATE ON remittance_reversal
    FOR EACH ROW WHEN (OLD.approved) EXECUTE FUNCTION refuse_other_approval()
""",
)
_VIEWS = (
    "invariant_i70_remittance_money_is_in_the_books",
    "invariant_i71_the_clearing_account_is_what_is_not_posted",
    "invariant_i72_a_posted_batch_posted_every_line_once",
    "invariant_i73_a_contribution_of_a_batch_is_in_the_books",
    "invariant_i74_no_batch_is_posted_without_its_money",
    "invariant_i75_two_people_take_a_batch_back",
)
_TABLES = (
    "employer",
    "remittance_batch",
    "remittance_line",
    "remittance_fault",
    "remittance_receipt",
    "remittance_reversal",
)
# From PostgreSQL 17 on a role may be let count a table for the planner without owning it.
_GRANTS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT SELECT, INSERT, UPDATE ON employer, remittance_batch, remittance_receipt, remittance_reversal TO anju_app;
        GRANT SELECT, INSERT ON remittance_line TO anju_app;
        GRANT SELECT, INSERT, DELETE ON remittance_fault TO anju_app;
        REVOKE DELETE, TRUNCATE ON employer, remittance_batch, remittance_receipt, remittance_reversal FROM anju_app;
        REVOKE UPDATE, DELETE, TRUNCATE ON remittance_line FROM anju_app;
        GRANT SELECT ON {views} TO anju_app;
        IF current_setting('server_version_num')::int >= 170000 THEN
            EXECUTE 'GRANT MAINTAIN ON remittance_line TO anju_app';
        END IF;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_ro') THEN
        GRANT SELECT ON {tables}, {views} TO anju_ro;
    END IF;
END $$
"""


def upgrade() -> None:
    """Apply."""
    op.add_column("contribution", sa.Column("batch_id", sa.Uuid(), nullable=True))
    _employer()
    _batch()
    _line()
    _receipt()
    _reversal()
    for view in (_MONEY, _CLEARING, _LINES, _BOOKED, _COVERED, _TWO_PEOPLE):
        op.execute(view)
    for guard in _GUARDS:
        op.execute(guard)
    op.execute(_GRANTS.format(views=", ".join(_VIEWS), tables=", ".join(_TABLES)))


def _employer() -> None:
    op.create_table(
        "employer",
        sa.Column("employer_id", sa.Uuid(), nullable=False),
        sa.Column("employer_no", sa.String(20), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("state", sa.String(2), nullable=False),
        sa.Column("payer_mac", sa.LargeBinary(), nullable=True),
        sa.Column("paid_through", sa.Date(), nullable=True),
        sa.Column("created_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("employer_id", name=op.f("pk_employer")),
        sa.UniqueConstraint("employer_no", name=op.f("uq_employer_employer_no")),
        sa.UniqueConstraint("name", name=op.f("uq_employer_name")),
        sa.UniqueConstraint("payer_mac", name=op.f("uq_employer_payer_mac")),
    )


def _batch() -> None:
    op.create_table(
        "remittance_batch",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("employer_id", sa.Uuid(), nullable=False),
        sa.Column("batch_no", sa.String(15), nullable=False),
        sa.Column("kind", sa.String(2), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("percent", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("received_fen", sa.BigInteger(), nullable=False),
        sa.Column("posted_fen", sa.BigInteger(), nullable=False),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("file_hash", sa.LargeBinary(), nullable=False),
        sa.Column("checked_at", _AT, nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("updated_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_remittance_batch")),
        sa.UniqueConstraint("batch_no", name=op.f("uq_remittance_batch_batch_no")),
        sa.CheckConstraint("total_fen > 0 AND posted_fen >= 0", name=op.f("ck_remittance_batch_amounts")),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employer.employer_id"], name=op.f("fk_remittance_batch_employer_id")
        ),
    )
    live = {"unique": True, "postgresql_where": sa.text(_LIVE)}
    op.create_index("uq_remittance_batch_file", "remittance_batch", ["file_hash"], **live)
    live["postgresql_where"] = sa.text(f"kind = '01' AND {_LIVE}")
    op.create_index("uq_remittance_batch_month", "remittance_batch", ["employer_id", "month"], **live)
    op.create_index("ix_remittance_batch_state", "remittance_batch", ["state", "updated_at"])
    untold = sa.text("state = 'posted' AND told < people")
    op.create_index("ix_remittance_batch_untold", "remittance_batch", ["updated_at"], postgresql_where=untold)


def _line() -> None:
    op.create_table(
        "remittance_line",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("account_no", sa.String(20), nullable=False),
        sa.Column("id_no_mac", sa.LargeBinary(), nullable=False),
        sa.Column("base_fen", sa.BigInteger(), nullable=False),
        sa.Column("unit_fen", sa.BigInteger(), nullable=False),
        sa.Column("member_fen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "line_no", name=op.f("pk_remittance_line")),
    )
    op.create_table(
        "remittance_fault",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "line_no", "code", name=op.f("pk_remittance_fault")),
    )


def _receipt() -> None:
    op.create_table(
        "remittance_receipt",
        sa.Column("employer_id", sa.Uuid(), nullable=False),
        sa.Column("notice_key", sa.LargeBinary(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("direction", sa.String(6), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("employer_id", "notice_key", name=op.f("pk_remittance_receipt")),
    )


def _reversal() -> None:
    op.create_table(
        "remittance_reversal",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", _AT, nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", _AT, nullable=True),
        sa.Column("approved", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_remittance_reversal")),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["staff.staff_id"], name=op.f("fk_remittance_reversal_asked_by")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["staff.staff_id"], name=op.f("fk_remittance_reversal_decided_by")
        ),
        sa.CheckConstraint("decided_by <> asked_by", name=op.f("ck_remittance_reversal_four_eyes")),
        sa.CheckConstraint(
            "(decided_by IS NULL) = (approved IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_remittance_reversal_decided"),
        ),
    )


def downgrade() -> None:
    """Take back."""
    for view in _VIEWS:
        op.execute(f"DROP VIEW {view}")
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_reversal_of_one, refuse_other_approval")
    op.drop_column("contribution", "batch_id")
