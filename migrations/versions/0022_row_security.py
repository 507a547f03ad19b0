"""Row security: the member zone's role sees the rows of the member its transaction names, and of nobody else.

Every table with an account has two policies: `web_scope` for anju_web, `whole` for the roles of workers, staff and
reading. A loan is also its co-borrowers'. Caps shared by everybody, and by a couple, are counted in views of the owner's, which
hold no more than the sums need.
"""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

ACROSS = ("face_frame_hash", "face_picture_hash", "item_usage")
"""Looked at across members by every request that needs them: hashes of pictures, keyed hashes of houses and loans."""

_ROLES = """
DO $$
DECLARE
    t record;
    col record;
    others text := (SELECT string_agg(rolname, ', ') FROM pg_roles WHERE rolname IN ('anju_app', 'anju_face', 'anju_ro'));
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_web') THEN RETURN; END IF;
    -- The web may do what the application may, as far as tables go; what it has no use for is taken away below.
    -- Read from the lists themselves: information_schema's view of columns takes a quarter of a minute.
    FOR t IN SELECT c.relname, string_agg(x.privilege_type, ', ') AS may
             FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) x
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
             AND x.grantee = 'anju_app'::regrole GROUP BY 1 LOOP
        EXECUTE format('GRANT %s ON %I TO anju_web', t.may, t.relname);
    END LOOP;
    FOR col IN SELECT c.relname, a.attname, x.privilege_type AS may
             FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid CROSS JOIN LATERAL aclexplode(a.attacl) x
             WHERE c.relnamespace = 'public'::regnamespace AND x.grantee = 'anju_app'::regrole LOOP
        EXECUTE format('GRANT %s (%I) ON %I TO anju_web', col.may, col.attname, col.relname);
    END LOOP;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO anju_web;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO anju_web;
    REVOKE ALL ON staff, staff_session FROM anju_web;
    REVOKE INSERT, UPDATE, DELETE ON policy_value, interest_run, employer, remittance_batch,
        remittance_fault, remittance_line, remittance_receipt, remittance_reversal, bank_statement,
        bank_statement_line, bank_break, break_event, break_proposal, break_decision, closing_step, ledger_day
        FROM anju_web;

    FOR t IN SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
             AND a.attname = 'account_id' AND a.attnotnull AND c.relname NOT IN {across} LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t.relname);
        EXECUTE format('CREATE POLICY web_scope ON %I TO anju_web'
            ' USING (current_setting(''anju.scope'', true) IN (''all'', account_id::text))', t.relname);
        EXECUTE format('CREATE POLICY whole ON %I TO %s USING (true)', t.relname, others);
    END LOOP;

    CREATE POLICY web_co_borrower ON loan_co_borrower FOR SELECT TO anju_web USING (id_no_mac =
        (SELECT m.id_no_mac FROM member m WHERE m.account_id::text = current_setting('anju.scope', true)));
    -- A co-borrower sees the loan, and may repay it from their own fund: lock it, book, write the plan that follows.
    FOR t IN SELECT relname, may FROM (VALUES ('loan', 'ALL'), ('loan_plan', 'ALL'), ('loan_instalment', 'ALL'),
            ('loan_repayment', 'ALL'), ('mortgage_discharge', 'ALL'), ('loan_rate', 'SELECT'), ('loan_card', 'SELECT'),
            ('deduction', 'SELECT')) AS x (relname, may) LOOP
        EXECUTE format('CREATE POLICY web_co_borrower ON %I FOR %s TO anju_web USING (loan_id IN'
            ' (SELECT b.loan_id FROM loan_co_borrower b WHERE b.id_no_mac = (SELECT m.id_no_mac FROM member m'
            ' WHERE m.account_id::text = current_setting(''anju.scope'', true))))', t.relname, t.may);
    END LOOP;
    -- That a loan is settled is told to the borrower, whoever settled it.
    CREATE POLICY web_co_borrower ON outbox_event FOR INSERT TO anju_web WITH CHECK (account_id IN
        (SELECT b.account_id FROM loan_co_borrower b WHERE b.id_no_mac = (SELECT m.id_no_mac FROM member m
            WHERE m.account_id::text = current_setting('anju.scope', true))));
END $$
"""
_SHARED_USE = """
CREATE VIEW shared_use AS
SELECT u.key, u.account_id, a.item_code, a.state, a.amount_fen, a.submitted_on
FROM item_usage u JOIN application a USING (account_id, application_id)
"""
_DRAWN = """
CREATE VIEW money_drawn AS
SELECT account_id, item_code, state, amount_fen, submitted_on FROM application WHERE kind = 'withdrawal'
"""
_BY_NUMBER = """
CREATE VIEW member_by_id_no AS SELECT id_no_mac, account_id FROM member
"""
_UNSEEN = """
CREATE VIEW invariant_i95_every_member_table_has_its_policies AS
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
AND a.attname = 'account_id' AND a.attnotnull AND c.relname NOT IN {across}
AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_web')
AND NOT (c.relrowsecurity AND 2 <= (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid
    AND p.polname IN ('web_scope', 'whole')))
"""
_VIEWS = ("shared_use", "money_drawn", "member_by_id_no", "invariant_i95_every_member_table_has_its_policies")
_GRANTS = """
DO $$ DECLARE r text; BEGIN
    FOR r IN SELECT rolname FROM pg_roles WHERE rolname IN ('anju_app', 'anju_web', 'anju_ro') LOOP
        EXECUTE format('GRANT SELECT ON {views} TO %I', r);
    END LOOP;
END $$
"""
_TAKE_BACK = """
DO $$ DECLARE p record; BEGIN
    FOR p IN SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public'
             AND policyname IN ('web_scope', 'whole', 'web_co_borrower') LOOP
        EXECUTE format('DROP POLICY %I ON %I', p.policyname, p.tablename);
        EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', p.tablename);
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'anju_web') THEN
        REVOKE ALL ON ALL TABLES IN SCHEMA public FROM anju_web;
        REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM anju_web;
        REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM anju_web;
    END IF;
END $$
"""


def upgrade() -> None:
    """Apply."""
    for statement in (
        _SHARED_USE,
        _DRAWN,
        _BY_NUMBER,
        _UNSEEN.replace("{across}", str(ACROSS)),
        _ROLES.replace("{across}", str(ACROSS)),
    ):
        op.execute(statement.replace(":", r"\:").replace(r"\:\:", "::"))
    op.execute(_GRANTS.format(views=", ".join(_VIEWS)))


def downgrade() -> None:
    """Take back."""
    op.execute(_TAKE_BACK)
    for view in _VIEWS:
        op.execute(f"DROP VIEW {view}")
