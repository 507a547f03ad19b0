-- Invariants: each view lists violations and must be empty. Run by `make invariants` and after every integration test.

CREATE VIEW invariant_i01_journal_sums_to_zero AS
SELECT account_id, journal_id, sum(fen) AS fen FROM posting GROUP BY 1, 2 HAVING sum(fen) <> 0;

CREATE VIEW invariant_i02_ledger_sums_to_zero AS
SELECT total FROM (SELECT coalesce(sum(fen), 0) AS total FROM posting) AS ledger WHERE total <> 0;

CREATE VIEW invariant_i03_balance_equals_postings AS
SELECT b.account_id, b.balance_fen, b.held_fen, p.fund, p.held
FROM member_balance b
LEFT JOIN (
    SELECT account_id,
           -coalesce(sum(fen) FILTER (WHERE gl_code = '201'), 0) AS fund,
           -coalesce(sum(fen) FILTER (WHERE gl_code = '219'), 0) AS held
    FROM posting GROUP BY 1
) p USING (account_id)
WHERE b.balance_fen <> coalesce(p.fund, 0) OR b.held_fen <> coalesce(p.held, 0);

CREATE VIEW invariant_i04_nothing_negative AS
SELECT account_id FROM member_balance WHERE balance_fen < 0 OR held_fen < 0 OR frozen_fen < 0;

CREATE VIEW invariant_i05_one_effect_a_case AS
SELECT account_id, business_ref AS ref, count(*) AS n FROM journal WHERE business_ref LIKE 'withdrawal:%'
GROUP BY 1, 2 HAVING count(*) > 1
UNION ALL
SELECT account_id, application_id::text, count(*) FROM payment_instruction GROUP BY 1, 2 HAVING count(*) > 1;

CREATE VIEW invariant_i06_holds_equal_open_cases AS
SELECT b.account_id, b.held_fen, coalesce(a.fen, 0) AS open_fen
FROM member_balance b
LEFT JOIN (
    SELECT account_id, sum(amount_fen) AS fen FROM application
    WHERE kind = 'withdrawal' AND state IN ('approved', 'paying', 'accepted', 'unknown') GROUP BY 1
) a USING (account_id)
WHERE b.held_fen <> coalesce(a.fen, 0);

CREATE VIEW invariant_i07_instruction_follows_case AS
SELECT a.account_id, a.application_id, a.state, i.state AS instruction_state
FROM application a LEFT JOIN payment_instruction i USING (account_id, application_id)
WHERE a.kind = 'withdrawal' AND (
    (a.state = 'approved' AND i.state IS DISTINCT FROM 'ready')
    OR (a.state = 'paying' AND i.state NOT IN ('ready', 'sending'))
    OR (a.state = 'accepted' AND i.state <> 'accepted')
    OR (a.state = 'unknown' AND i.state <> 'unknown')
    OR (a.state = 'paid' AND i.state <> 'paid')
    OR (a.state = 'returned' AND i.state NOT IN ('rejected', 'returned'))
    OR (a.state IN ('approved', 'paying', 'accepted', 'unknown', 'paid', 'returned') AND i.state IS NULL));

CREATE VIEW invariant_i08_paid_has_one_bank_line AS
SELECT i.account_id, i.instruction_no, i.state,
       count(*) FILTER (WHERE n.outcome = 'paid') AS debits, count(*) FILTER (WHERE n.outcome = 'came_back') AS returns
FROM payment_instruction i LEFT JOIN bank_notice n ON n.instruction_no = i.instruction_no
GROUP BY 1, 2, 3
HAVING count(*) FILTER (WHERE n.outcome = 'paid') <> (i.state IN ('paid', 'returned'))::int
    OR count(*) FILTER (WHERE n.outcome = 'came_back') <> (i.state = 'returned')::int;

CREATE VIEW invariant_i09_one_intent_a_channel AS
SELECT e.account_id, e.event_id, e.topic, count(n.intent_id) AS intents
FROM outbox_event e
JOIN processed_event p USING (account_id, event_id)
LEFT JOIN notice_intent n USING (account_id, event_id)
WHERE e.topic IN ('withdrawal.paid', 'withdrawal.returned') AND p.consumer = 'notices'
GROUP BY 1, 2, 3
HAVING count(*) FILTER (WHERE n.channel = 'sms') <> 1 OR count(*) FILTER (WHERE n.channel = 'wechat') <> 1;

CREATE VIEW invariant_i10_no_word_without_money AS
SELECT n.account_id, n.intent_id FROM notice_intent n
JOIN application a ON a.account_id = n.account_id AND a.application_id::text = n.subject_id
WHERE n.template = 'settlement_paid' AND NOT EXISTS (
    SELECT 1 FROM transition t
    WHERE t.account_id = a.account_id AND t.application_id = a.application_id AND t.target = 'paid');

CREATE VIEW invariant_i11_payee_is_the_case_s AS
SELECT i.account_id, i.instruction_id FROM payment_instruction i
JOIN application a USING (account_id, application_id) WHERE i.payee_sealed IS DISTINCT FROM a.payee_sealed;

CREATE VIEW invariant_i13_one_money_case_in_flight AS
SELECT account_id, count(*) AS n FROM application
WHERE kind = 'withdrawal' AND state IN ('submitted', 'verifying', 'in_review', 'approved', 'paying', 'accepted', 'unknown')
GROUP BY 1 HAVING count(*) > 1;

CREATE VIEW invariant_i14_audit_chain_has_no_gap AS
SELECT account_id, count(*) AS n, max(seq) AS last FROM audit_entry GROUP BY 1 HAVING count(*) <> max(seq)
UNION ALL
SELECT h.account_id, 0, h.seq FROM audit_head h
LEFT JOIN audit_entry e ON e.account_id = h.account_id AND e.seq = h.seq
WHERE e.hash IS DISTINCT FROM h.hash AND h.seq > 0;

CREATE VIEW invariant_i16_face_used_once AS
SELECT f.account_id, f.application_id, count(*) AS n FROM face_session f
WHERE f.state = 'consumed' GROUP BY 1, 2 HAVING count(*) > 1
UNION ALL
SELECT account_id, application_id, 0 FROM face_session
WHERE state = 'consumed' AND (consumed_at IS NULL OR consumed_at > served_until);

CREATE VIEW invariant_i17_no_frame_outlives_its_session AS
SELECT b.account_id, b.session_id FROM face_batch b
JOIN face_session f USING (account_id, session_id) WHERE f.state NOT IN ('open', 'judging');

CREATE VIEW invariant_i18_consent_before_face AS
SELECT f.account_id, f.session_id FROM face_session f
LEFT JOIN consent c USING (account_id, consent_id)
WHERE c.consent_id IS NULL OR c.kind <> 'face' OR c.granted_at > f.created_at;

CREATE VIEW invariant_i20_money_is_whole AS
SELECT account_id, application_id FROM application WHERE kind = 'withdrawal' AND coalesce(amount_fen, 0) <= 0;

CREATE VIEW invariant_i22_one_owner AS
SELECT account_id FROM provident_fund_account a
WHERE NOT EXISTS (SELECT 1 FROM member m WHERE m.account_id = a.account_id);
