-- Guards and invariants of business days and breaks (revision 0021).

-- Nothing goes into the books of a day that is closed. What is of days before these books is taken over at any time.
CREATE FUNCTION refuse_closed_day() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last_closed date;
BEGIN
    SELECT max(day) INTO last_closed FROM business_day WHERE state = 'closed';
    IF last_closed IS NOT NULL AND EXISTS (
        SELECT FROM posted WHERE accounting_on BETWEEN (SELECT min(day) FROM business_day) AND last_closed) THEN
        RAISE EXCEPTION 'the books are closed up to %', last_closed USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER journal_not_into_a_closed_day AFTER INSERT ON journal
    REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION refuse_closed_day();

-- open -> closing -> closed, one day after the other, and never over an open break or an unfinished step.
CREATE FUNCTION refuse_day_out_of_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state = 'open' AND NEW.day = coalesce((SELECT max(day) + 1 FROM business_day), NEW.day) THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'UPDATE' AND NEW.day = OLD.day AND OLD.state <> 'closed' THEN
        IF NEW.state = OLD.state OR (OLD.state = 'open' AND NEW.state = 'closing') THEN
            RETURN NEW;
        END IF;
        IF OLD.state = 'closing' AND NEW.state = 'closed' THEN
            IF EXISTS (SELECT FROM business_day WHERE day < NEW.day AND state <> 'closed') THEN
                RAISE EXCEPTION 'the day before % is not closed', NEW.day USING ERRCODE = 'check_violation';
            END IF;
            IF EXISTS (SELECT FROM bank_break WHERE day <= NEW.day AND state <> 'closed') THEN
                RAISE EXCEPTION 'day % has an open break', NEW.day USING ERRCODE = 'check_violation';
            END IF;
            IF EXISTS (SELECT FROM closing_step WHERE day = NEW.day AND state <> 'done' AND name <> 'close')
               OR NOT EXISTS (SELECT FROM bank_statement WHERE day = NEW.day) THEN
                RAISE EXCEPTION 'day % has an unfinished step', NEW.day USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a business day moves from open to closing to closed' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER business_day_in_order BEFORE INSERT OR UPDATE OR DELETE ON business_day
    FOR EACH ROW EXECUTE FUNCTION refuse_day_out_of_order();

-- found -> taken -> proposed -> closed; what was found stays as it was found; closed only as a second person confirmed.
CREATE FUNCTION refuse_break_of_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state = 'found' THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'UPDATE' AND OLD.state <> 'closed'
       AND (NEW.break_id, NEW.day, NEW.kind, NEW.ref, NEW.found_at) = (OLD.break_id, OLD.day, OLD.kind, OLD.ref, OLD.found_at)
       AND (NEW.bank_fen, NEW.book_fen) = (OLD.bank_fen, OLD.book_fen)
       AND (NEW.instruction_no, NEW.member_account_id, NEW.notice_key, NEW.other_key)
           IS NOT DISTINCT FROM (OLD.instruction_no, OLD.member_account_id, OLD.notice_key, OLD.other_key)
       AND (NEW.state = OLD.state OR (OLD.state, NEW.state) IN (
            ('found', 'taken'), ('taken', 'found'), ('taken', 'proposed'), ('proposed', 'taken'), ('proposed', 'closed'))) THEN
        IF NEW.state = 'closed' AND NOT EXISTS (
            SELECT FROM break_decision d JOIN break_proposal p USING (proposal_id, break_id)
            JOIN staff maker ON maker.staff_id = p.staff_id JOIN staff checker ON checker.staff_id = d.staff_id
            WHERE d.break_id = NEW.break_id AND d.outcome = 'confirmed' AND d.staff_id <> p.staff_id
              AND p.resolution = NEW.resolution AND maker.disabled_at IS NULL AND checker.disabled_at IS NULL
        ) THEN
            RAISE EXCEPTION 'break % has no confirmed decision', NEW.break_id USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a break moves from found to taken to proposed to closed' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER bank_break_has_four_eyes BEFORE INSERT OR UPDATE OR DELETE ON bank_break
    FOR EACH ROW EXECUTE FUNCTION refuse_break_of_one();
CREATE FUNCTION refuse_foreign_proposal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM bank_break WHERE break_id = NEW.break_id AND owner_id = NEW.staff_id AND state <> 'closed') THEN
        RAISE EXCEPTION 'only who took the break proposes' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER break_proposal_is_the_owner_s BEFORE INSERT ON break_proposal
    FOR EACH ROW EXECUTE FUNCTION refuse_foreign_proposal();
-- A decision is on the last proposal only, while it waits.
CREATE FUNCTION refuse_idle_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM bank_break b JOIN break_proposal p USING (break_id)
        WHERE b.break_id = NEW.break_id AND b.state = 'proposed' AND p.proposal_id = NEW.proposal_id
          AND NOT EXISTS (SELECT FROM break_proposal q WHERE q.break_id = p.break_id AND q.proposed_at > p.proposed_at)
    ) THEN
        RAISE EXCEPTION 'no such proposal waits' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER break_decision_on_what_waits BEFORE INSERT ON break_decision
    FOR EACH ROW EXECUTE FUNCTION refuse_idle_decision();

CREATE VIEW invariant_i80_one_day_is_open AS
SELECT count(*) AS days, count(*) FILTER (WHERE state = 'open') AS open_days FROM business_day
HAVING count(*) > 0 AND count(*) FILTER (WHERE state = 'open') <> 1;

CREATE VIEW invariant_i81_a_closed_day_is_what_was_posted AS
SELECT coalesce(l.day, p.day) AS day, coalesce(l.gl_code, p.gl_code) AS gl_code, l.movement_fen, p.fen
FROM (
    SELECT day, gl_code, movement_fen FROM ledger_day JOIN business_day USING (day) WHERE state = 'closed'
) l
FULL JOIN (
    SELECT j.accounting_on AS day, p.gl_code, sum(p.fen) AS fen
    FROM journal j JOIN posting p USING (account_id, journal_id)
    WHERE j.accounting_on IN (SELECT day FROM business_day WHERE state = 'closed') GROUP BY 1, 2
) p ON p.day = l.day AND p.gl_code = l.gl_code
WHERE coalesce(l.movement_fen, 0) <> coalesce(p.fen, 0)
UNION ALL
SELECT day, NULL, sum(closing_fen), 0 FROM ledger_day JOIN business_day USING (day) WHERE state = 'closed'
GROUP BY day HAVING sum(closing_fen) <> 0;

CREATE VIEW invariant_i82_no_day_closed_over_an_open_break AS
SELECT d.day, b.break_id FROM business_day d JOIN bank_break b ON b.day <= d.day AND b.state <> 'closed'
WHERE d.state = 'closed';

CREATE VIEW invariant_i83_days_follow_each_other AS
SELECT d.day, NULL AS gl_code FROM business_day d JOIN business_day before ON before.day < d.day
WHERE d.state = 'closed' AND before.state <> 'closed'
UNION ALL
SELECT d.day, l.gl_code FROM business_day d
JOIN business_day before ON before.day = d.day - 1
JOIN ledger_day l ON l.day = d.day
LEFT JOIN ledger_day was ON was.day = before.day AND was.gl_code = l.gl_code
WHERE d.state = 'closed' AND l.opening_fen <> coalesce(was.closing_fen, 0);

CREATE VIEW invariant_i84_a_break_is_closed_by_two AS
SELECT b.break_id FROM bank_break b
WHERE b.state = 'closed' AND NOT EXISTS (
    SELECT FROM break_decision d JOIN break_proposal p USING (proposal_id, break_id)
    WHERE d.break_id = b.break_id AND d.outcome = 'confirmed' AND d.staff_id <> p.staff_id AND p.resolution = b.resolution);

CREATE VIEW invariant_i85_bank_and_books_agree AS
SELECT d.day, d.bank_closing_fen, s.closing_fen AS statement_fen, d.book_closing_fen, l.closing_fen AS ledger_fen
FROM business_day d
LEFT JOIN bank_statement s USING (day)
LEFT JOIN ledger_day l ON l.day = d.day AND l.gl_code = '101'
WHERE d.state = 'closed' AND (
    d.bank_closing_fen IS DISTINCT FROM s.closing_fen OR d.book_closing_fen <> coalesce(l.closing_fen, 0)
    OR EXISTS (SELECT FROM bank_statement was WHERE was.day = d.day - 1 AND was.closing_fen <> s.opening_fen));

CREATE VIEW invariant_i86_a_correction_is_in_the_books AS
SELECT b.break_id, coalesce(p.fen, 0) AS booked_fen FROM bank_break b
LEFT JOIN (
    SELECT j.business_ref, sum(p.fen) AS fen FROM journal j JOIN posting p USING (account_id, journal_id)
    WHERE j.kind = 'bank_break' AND p.gl_code = '101' GROUP BY 1
) p ON p.business_ref = 'bank_break:' || b.break_id
WHERE coalesce(p.fen, 0) <> CASE WHEN b.state = 'closed' AND b.resolution = 'booked' THEN b.bank_fen - b.book_fen ELSE 0 END;

CREATE VIEW invariant_i87_a_movement_is_booked_once AS
SELECT j.proof, sum(p.fen) AS booked_fen, n.amount_fen FROM journal j
JOIN posting p USING (account_id, journal_id)
LEFT JOIN bank_notice n ON n.notice_key = j.proof
WHERE j.proof IS NOT NULL AND p.gl_code = '101'
GROUP BY j.proof, n.amount_fen HAVING abs(sum(p.fen)) IS DISTINCT FROM n.amount_fen;

CREATE VIEW invariant_i88_every_line_is_known AS
SELECT s.day, s.line_no FROM bank_statement_line s JOIN business_day d USING (day)
WHERE d.state = 'closed'
  AND NOT EXISTS (SELECT FROM bank_notice n WHERE n.notice_key = s.notice_key)
  AND NOT EXISTS (SELECT FROM bank_break b WHERE s.notice_key IN (b.notice_key, b.other_key));
