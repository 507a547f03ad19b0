"""What is done for a member at a counter: one person proposes, another confirms, and the database holds both to it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_LIVE = sa.text("state = 'proposed'")
_OF_TWO = """
CREATE FUNCTION refuse_counter_act_of_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state = 'proposed' THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'UPDATE' AND OLD.state = 'proposed'
       AND (NEW.account_id, NEW.proposal_id, NEW.kind, NEW.staff_id, NEW.note, NEW.proposed_at, NEW.lapses_at)
           = (OLD.account_id, OLD.proposal_id, OLD.kind, OLD.staff_id, OLD.note, OLD.proposed_at, OLD.lapses_at)
       AND (NEW.binding_ids, NEW.phone4) IS NOT DISTINCT FROM (OLD.binding_ids, OLD.phone4) THEN
        IF NEW.state IN ('done', 'refused') AND NOT EXISTS (
            SELECT FROM counter_decision d WHERE d.account_id = NEW.account_id AND d.proposal_id = NEW.proposal_id
              AND d.outcome = CASE NEW.state WHEN 'done' THEN 'confirmed' ELSE 'refused' END
        ) THEN
            RAISE EXCEPTION 'proposal % has no decision', NEW.proposal_id USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a proposal is written once and ends once' USING ERRCODE = 'check_violation';
END $$
"""
# Neither of the two is the member, or the other under a login of before; who left proposes nothing that is done.
_BY_ANOTHER = """
CREATE FUNCTION refuse_idle_counter_word() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM counter_proposal p
        JOIN member m ON m.account_id = p.account_id
        JOIN staff maker ON maker.staff_id = p.staff_id
        JOIN staff checker ON checker.staff_id = NEW.staff_id
        WHERE p.account_id = NEW.account_id AND p.proposal_id = NEW.proposal_id AND p.state = 'proposed'
          AND NEW.decided_at < p.lapses_at AND checker.disabled_at IS NULL
          AND (maker.disabled_at IS NULL OR NEW.outcome = 'refused')
          AND (maker.staff_id = checker.staff_id OR coalesce(maker.id_no_mac <> checker.id_no_mac, true))
          AND coalesce(maker.id_no_mac <> m.id_no_mac, true) AND coalesce(checker.id_no_mac <> m.id_no_mac, true)
    ) THEN
        RAISE EXCEPTION 'no such proposal waits for this person' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""
_TRIGGERS = (
    """
CREATE TRIGGER counter_proposal_has_four_eyes BEFORE INSERT OR UPDATE OR DELETE ON counter_proposal
    FOR EACH ROW EXECUTE FUNCTION refuse_counter_act_of_one()
""",
    """
CREATE TRIGGER counter_decision_on_what_waits BEFORE INSERT ON counter_decision
    FOR EACH ROW EXECUTE FUNCTION refuse_idle_counter_word()
""",
    """
CREATE TRIGGER counter_decision_append_only BEFORE UPDATE OR DELETE ON counter_decision
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
""",
)
_INVARIANT = """
CREATE VIEW invariant_i98_an_act_at_the_counter_has_two_people AS
SELECT p.account_id, p.proposal_id FROM counter_proposal p
WHERE p.state IN ('done', 'refused') AND NOT EXISTS (
    SELECT FROM counter_decision d WHERE d.account_id = p.account_id AND d.proposal_id = p.proposal_id
      AND d.staff_id <> p.staff_id AND d.outcome = CASE p.state WHEN 'done' THEN 'confirmed' ELSE 'refused' END)
"""
_GRANTS = """
DO $$ DECLARE t text; others text := (SELECT string_agg(rolname, ', ') FROM pg_roles
        WHERE rolname IN ('anju_app', 'anju_face', 'anju_ro'));
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_app') THEN
        GRANT SELECT, INSERT, UPDATE ON counter_proposal TO anju_app;
        GRANT SELECT, INSERT ON counter_decision TO anju_app;
        REVOKE DELETE, TRUNCATE ON counter_proposal FROM anju_app;
        REVOKE UPDATE, DELETE, TRUNCATE ON counter_decision FROM anju_app;
        GRANT SELECT ON invariant_i98_an_act_at_the_counter_has_two_people TO anju_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_ro') THEN
        GRANT SELECT (account_id, proposal_id, kind, staff_id, state, proposed_at, lapses_at, ended_at)
            ON counter_proposal TO anju_ro;
        GRANT SELECT ON counter_decision, invariant_i98_an_act_at_the_counter_has_two_people TO anju_ro;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_web') OR others IS NULL THEN RETURN; END IF;
    GRANT SELECT (account_id, proposal_id, state) ON counter_proposal TO anju_web;
    GRANT SELECT ON counter_decision TO anju_web;
    FOREACH t IN ARRAY ARRAY['counter_proposal', 'counter_decision'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY web_scope ON %I TO anju_web'
            ' USING (current_setting(''anju.scope'', true) IN (''all'', CAST(account_id AS text)))', t);
        EXECUTE format('CREATE POLICY whole ON %I TO %s USING (true)', t, others);
    END LOOP;
END $$
"""


def upgrade() -> None:
    """Apply. The version before knows nothing of these tables."""
    _proposals()
    _decisions()
    for statement in (_OF_TWO, _BY_ANOTHER, *_TRIGGERS, _INVARIANT):
        op.execute(statement)
    op.execute(_GRANTS)


def _proposals() -> None:
    op.create_table(
        "counter_proposal",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("binding_ids", sa.ARRAY(sa.Uuid()), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone4", sa.String(4), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("proposed_at", _AT, nullable=False),
        sa.Column("lapses_at", _AT, nullable=False),
        sa.Column("ended_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("account_id", "proposal_id", name=op.f("pk_counter_proposal")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name=op.f("fk_counter_proposal_staff_id")),
        sa.CheckConstraint("kind IN ('unbind', 'phone')", name=op.f("ck_counter_proposal_kind")),
        sa.CheckConstraint(
            "state IN ('proposed', 'done', 'refused', 'taken_back', 'lapsed')",
            name=op.f("ck_counter_proposal_state"),
        ),
        sa.CheckConstraint(
            "(kind = 'unbind') = (coalesce(cardinality(binding_ids), 0) > 0) AND (kind = 'phone') = (phone4 IS NOT NULL)",
            name=op.f("ck_counter_proposal_says_what"),
        ),
        # The new number is here while it waits, and gone from here with the end.
        sa.CheckConstraint(
            "(phone_sealed IS NOT NULL) = (kind = 'phone' AND state = 'proposed')",
            name=op.f("ck_counter_proposal_number"),
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (state = 'proposed')", name=op.f("ck_counter_proposal_ended")),
        sa.CheckConstraint("lapses_at > proposed_at", name=op.f("ck_counter_proposal_forward")),
        sa.CheckConstraint("length(note) >= 4", name=op.f("ck_counter_proposal_says_why")),
    )
    author = ["account_id", "proposal_id", "staff_id"]
    op.create_index("uq_counter_proposal_author", "counter_proposal", author, unique=True)
    op.create_index("uq_counter_proposal_id", "counter_proposal", ["proposal_id"], unique=True)
    op.create_index(
        "uq_counter_proposal_live", "counter_proposal", ["account_id"], unique=True, postgresql_where=_LIVE
    )
    op.create_index("ix_counter_proposal_lapses_at", "counter_proposal", ["lapses_at"], postgresql_where=_LIVE)


def _decisions() -> None:
    op.create_table(
        "counter_decision",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("proposer_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("decided_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "proposal_id", name=op.f("pk_counter_decision")),
        # The proposer named here is the proposal's author, so that the check below cannot be talked around.
        sa.ForeignKeyConstraint(
            ["account_id", "proposal_id", "proposer_id"],
            [f"counter_proposal.{name}" for name in ("account_id", "proposal_id", "staff_id")],
            name=op.f("fk_counter_decision_proposal"),
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name=op.f("fk_counter_decision_staff_id")),
        sa.CheckConstraint("staff_id <> proposer_id", name=op.f("ck_counter_decision_four_eyes")),
        sa.CheckConstraint("outcome IN ('confirmed', 'refused')", name=op.f("ck_counter_decision_outcome")),
        sa.CheckConstraint(
            "outcome = 'confirmed' OR length(note) >= 4", name=op.f("ck_counter_decision_says_why")
        ),
    )


def downgrade() -> None:
    """Take back."""
    op.execute("DROP VIEW invariant_i98_an_act_at_the_counter_has_two_people")
    op.drop_table("counter_decision")
    op.drop_table("counter_proposal")
    op.execute("DROP FUNCTION refuse_counter_act_of_one, refuse_idle_counter_word")
