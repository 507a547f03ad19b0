"""Staff, and the cases people decide."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_APPEND_ONLY = ("review_opinion", "review_decision")


def upgrade() -> None:
    """Apply."""
    _staff()
    _document()
    _claim()
    _opinion()
    _decision()
    _guards()
    op.execute(_GRANTS)


def _staff() -> None:
    op.create_table(
        "staff",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.String(32), nullable=False),
        sa.Column("display_name", sa.String(40), nullable=False),
        sa.Column("roles", sa.ARRAY(sa.String(12)), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("totp_last_step", sa.BigInteger(), nullable=False),
        sa.Column("id_no_mac", sa.LargeBinary(), nullable=True),
        sa.Column("failures", sa.SmallInteger(), nullable=False),
        sa.Column("locked_until", _AT, nullable=True),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("disabled_at", _AT, nullable=True),
        sa.CheckConstraint(
            "cardinality(roles) > 0 AND roles <@ ARRAY['reviewer', 'approver']::varchar[]",
            name=op.f("ck_staff_roles"),
        ),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_staff")),
        sa.UniqueConstraint("login", name=op.f("uq_staff_login")),
    )
    op.create_table(
        "staff_session",
        sa.Column("token_mac", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("seen_at", _AT, nullable=False),
        sa.Column("ended_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("token_mac", name=op.f("pk_staff_session")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name=op.f("fk_staff_session_staff_id")),
    )
    op.create_index(op.f("ix_staff_session_staff_id"), "staff_session", ["staff_id"])
    op.create_index(op.f("ix_staff_session_created_at"), "staff_session", ["created_at"])


def _document() -> None:
    op.create_table(
        "document",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("picture_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("seen_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("account_id", "document_id", name=op.f("pk_document")),
        _of_a_case("document"),
    )
    op.create_index("ix_document_application", "document", ["account_id", "application_id"])
    op.create_index(op.f("ix_document_created_at"), "document", ["created_at"])


def _of_a_case(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id", "application_id"],
        ["application.account_id", "application.application_id"],
        name=op.f(f"fk_{table}_application"),
    )


def _of_staff(table: str, column: str = "staff_id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["staff.staff_id"], name=op.f(f"fk_{table}_{column}"))


def _claim() -> None:
    op.create_table(
        "review_claim",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("claimed_at", _AT, nullable=False),
        sa.Column("released_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("account_id", "claim_id", name=op.f("pk_review_claim")),
        _of_a_case("review_claim"),
        _of_staff("review_claim"),
    )
    op.create_index(
        "uq_review_claim_live",
        "review_claim",
        ["account_id", "application_id"],
        unique=True,
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_index(
        "uq_review_claim_holder",
        "review_claim",
        ["account_id", "claim_id", "application_id", "staff_id"],
        unique=True,
    )


def _opinion() -> None:
    op.create_table(
        "review_opinion",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("opinion_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(40), nullable=True),
        sa.Column("member_text", sa.String(200), nullable=True),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("proposed_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "opinion_id", name=op.f("pk_review_opinion")),
        # Only who holds the claim can be the author.
        sa.ForeignKeyConstraint(
            ["account_id", "claim_id", "application_id", "staff_id"],
            [f"review_claim.{name}" for name in ("account_id", "claim_id", "application_id", "staff_id")],
            name=op.f("fk_review_opinion_claim"),
        ),
        sa.CheckConstraint(
            "verdict = 'approve' AND reason IS NULL AND member_text IS NULL AND coalesce(amount_fen, 1) > 0"
            " OR verdict = 'refuse' AND reason IS NOT NULL AND member_text IS NOT NULL AND amount_fen IS NULL",
            name=op.f("ck_review_opinion_verdict"),
        ),
    )
    op.create_index(
        "uq_review_opinion_author",
        "review_opinion",
        ["account_id", "opinion_id", "application_id", "staff_id"],
        unique=True,
    )
    op.create_index("ix_review_opinion_application", "review_opinion", ["account_id", "application_id"])


def _decision() -> None:
    op.create_table(
        "review_decision",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("opinion_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("proposer_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("decided_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "opinion_id", name=op.f("pk_review_decision")),
        # The proposer named here is the opinion's author, so that the check below cannot be talked around.
        sa.ForeignKeyConstraint(
            ["account_id", "opinion_id", "application_id", "proposer_id"],
            [f"review_opinion.{name}" for name in ("account_id", "opinion_id", "application_id", "staff_id")],
            name=op.f("fk_review_decision_opinion"),
        ),
        _of_staff("review_decision"),
        sa.CheckConstraint("staff_id <> proposer_id", name=op.f("ck_review_decision_four_eyes")),
        sa.CheckConstraint("outcome IN ('confirmed', 'sent_back')", name=op.f("ck_review_decision_outcome")),
    )
    op.create_index("ix_review_decision_application", "review_decision", ["account_id", "application_id"])


def _guards() -> None:
    for table in _APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    op.execute(_NO_OUTCOME_ALONE)
    op.execute(
        "CREATE CONSTRAINT TRIGGER application_review_has_four_eyes AFTER UPDATE OF state ON application"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
        " WHEN (OLD.state = 'in_review' AND NEW.state NOT IN ('in_review', 'cancelled'))"
        " EXECUTE FUNCTION refuse_outcome_of_one()"
    )
    # The one way out without a decision leads nowhere else.
    op.execute(
        "CREATE TRIGGER application_cancelled_stays BEFORE UPDATE OF state ON application FOR EACH ROW"
        " WHEN (OLD.state = 'cancelled' AND NEW.state <> 'cancelled') EXECUTE FUNCTION refuse_change()"
    )
    op.execute(_CLAIM_STAYS)
    op.execute(
        "CREATE TRIGGER review_claim_stays BEFORE UPDATE OR DELETE ON review_claim"
        " FOR EACH ROW EXECUTE FUNCTION refuse_claim_change()"
    )
    op.execute(_INVARIANT)


# A case under review ends as a second person confirmed, or by the member's own cancelling; nothing else gets past.
_NO_OUTCOME_ALONE = """
CREATE FUNCTION refuse_outcome_of_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM review_decision d
        JOIN review_opinion o USING (account_id, opinion_id, application_id)
        WHERE d.account_id = NEW.account_id AND d.application_id = NEW.application_id AND d.outcome = 'confirmed'
          AND (o.verdict = 'refuse') = (NEW.state = 'refused')
          AND (o.verdict = 'refuse' OR o.amount_fen IS NOT DISTINCT FROM NEW.amount_fen)
    ) THEN
        RAISE EXCEPTION 'case % has no confirmed decision', NEW.case_no USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$
"""
_CLAIM_STAYS = """
CREATE FUNCTION refuse_claim_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.released_at IS NULL AND NEW.released_at IS NOT NULL
       AND (NEW.account_id, NEW.claim_id, NEW.application_id, NEW.staff_id, NEW.claimed_at)
         = (OLD.account_id, OLD.claim_id, OLD.application_id, OLD.staff_id, OLD.claimed_at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a claim can only be released' USING ERRCODE = 'insufficient_privilege';
END $$
"""
_INVARIANT = """
CREATE VIEW invariant_i26_four_eyes AS
SELECT t.account_id, t.application_id FROM transition t
WHERE t.source = 'in_review' AND t.event <> 'cancel' AND NOT EXISTS (
    SELECT 1 FROM review_decision d
    WHERE d.account_id = t.account_id AND d.application_id = t.application_id
      AND d.outcome = 'confirmed' AND d.staff_id <> d.proposer_id)
"""


_GRANTS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON staff_session, document TO anju_app;
        GRANT SELECT, INSERT, UPDATE ON staff, review_claim TO anju_app;
        GRANT SELECT, INSERT ON review_opinion, review_decision TO anju_app;
        REVOKE DELETE, TRUNCATE ON staff, review_claim, review_opinion, review_decision FROM anju_app;
        REVOKE UPDATE ON review_opinion, review_decision FROM anju_app;
        GRANT SELECT ON invariant_i26_four_eyes TO anju_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_ro') THEN
        GRANT SELECT ON staff_session, document, staff, review_claim, review_opinion, review_decision,
            invariant_i26_four_eyes TO anju_ro;
    END IF;
END $$
"""


def downgrade() -> None:
    """Take back."""
    op.execute("DROP VIEW invariant_i26_four_eyes")
    for trigger in ("application_review_has_four_eyes", "application_cancelled_stays"):
        op.execute(f"DROP TRIGGER {trigger} ON application")
    for table in ("review_decision", "review_opinion", "review_claim", "document", "staff_session", "staff"):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_outcome_of_one, refuse_claim_change")
