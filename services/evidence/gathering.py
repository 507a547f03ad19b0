"""Gathering evidence 汇集证据: what is known of a case, in one question; hashes and keys of rows, no names or numbers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.core.sql import Statement

FORMAT = "anju-evidence-1"
_OF_CASE = "account_id = a.account_id AND application_id = a.application_id"
_GATHER = Statement(
    """
SELECT a.case_no, a.item_code, a.kind, a.policy_version, t.target AS outcome, a.created_at AS submitted_at,
encode(a.operation_digest, 'hex') AS operation_digest, a.amount_fen,
encode(sha256(convert_to(a.form::text, 'UTF8')), 'hex') AS form_sha256,
encode(sha256(convert_to(a.facts::text, 'UTF8')), 'hex') AS facts_sha256,
encode(sha256(convert_to(a.quote::text, 'UTF8')), 'hex') AS quote_sha256,
(SELECT jsonb_agg(jsonb_build_object('version', version, 'event', event, 'target', target, 'actor', actor,
'at', at) ORDER BY version) FROM transition WHERE {of_case} AND version <= :version) AS steps,
(SELECT jsonb_agg(jsonb_build_object('consent_id', consent_id, 'kind', kind, 'text_version', text_version,
'text_sha256', encode(text_hash, 'hex'), 'granted_at', granted_at, 'withdrawn_at', withdrawn_at)
ORDER BY granted_at) FROM consent c WHERE c.account_id = a.account_id AND (c.consent_id IN
(SELECT consent_id FROM face_session WHERE {of_case}) OR c.granted_at <= a.created_at
AND coalesce(c.withdrawn_at, 'infinity') > a.created_at AND NOT EXISTS (SELECT FROM consent n
WHERE n.account_id = c.account_id AND n.kind = c.kind AND n.granted_at > c.granted_at
AND n.granted_at <= a.created_at))) AS consents,
(SELECT jsonb_agg(jsonb_build_object('session_id', session_id, 'kind', kind, 'state', state,
'consent_id', consent_id, 'device_id', device_id, 'operation', encode(f.operation_digest, 'hex'),
'opened_at', f.created_at, 'judged_at', judged_at, 'consumed_at', consumed_at) ORDER BY f.created_at)
FROM face_session f WHERE {of_case}) AS faces,
(SELECT jsonb_agg(jsonb_build_object('device_id', device_id, 'key_sha256', encode(sha256(x || y), 'hex'),
'registered_at', d.created_at) ORDER BY d.created_at) FROM device d WHERE d.account_id = a.account_id
AND d.device_id IN (SELECT device_id FROM risk_decision WHERE {of_case} UNION
SELECT device_id FROM face_session WHERE {of_case})) AS devices,
(SELECT jsonb_build_object('challenge_id', challenge_id, 'card_matched', matched, 'card_checked_at', checked_at,
'code_used_at', passed_at) FROM card_sms_check WHERE {of_case}) AS code,
(SELECT jsonb_agg(jsonb_build_object('decision_id', decision_id, 'route', route, 'outcome', outcome,
'reasons', reasons, 'delay_hours', delay_hours, 'policy', r.policy_version, 'decided_at', decided_at,
'facts_sha256', encode(sha256(convert_to(r.facts::text, 'UTF8')), 'hex'), 'channel', channel,
'device_id', device_id, 'address_digest', encode(address_mac, 'hex')) ORDER BY decided_at, decision_id)
FROM risk_decision r WHERE {of_case}) AS decisions,
(SELECT jsonb_agg(jsonb_build_object('opinion_id', o.opinion_id, 'verdict', o.verdict,
'amount_fen', o.amount_fen, 'reason', o.reason, 'proposed_by', o.staff_id, 'proposed_at', o.proposed_at,
'outcome', d.outcome, 'decided_by', d.staff_id, 'decided_at', d.decided_at) ORDER BY o.proposed_at)
FROM review_opinion o LEFT JOIN review_decision d USING (account_id, opinion_id)
WHERE o.account_id = a.account_id AND o.application_id = a.application_id) AS reviews,
(SELECT jsonb_agg(jsonb_build_object('document_id', document_id, 'sha256', encode(sha256, 'hex'),
'seen_at', seen_at) ORDER BY document_id) FROM document WHERE {of_case}) AS documents,
(SELECT jsonb_build_object('instruction_no', instruction_no, 'state', state, 'amount_fen', i.amount_fen,
'settle_type', settle_type, 'sent_on', sent_on, 'host_seq_no', host_seq_no, 'movements',
(SELECT jsonb_agg(jsonb_build_object('movement', encode(notice_key, 'hex'), 'direction', direction,
'amount_fen', n.amount_fen, 'day', day, 'outcome', outcome) ORDER BY received_at, notice_key)
FROM bank_notice n WHERE n.instruction_no = i.instruction_no))
FROM payment_instruction i WHERE {of_case}) AS settlement,
(SELECT jsonb_build_object('agreement_id', g.agreement_id, 'case_no', s.case_no, 'signed_at', g.created_at,
'consent_id', g.consent_id) FROM loan_agreement g JOIN application s USING (account_id, application_id)
WHERE g.account_id = a.account_id AND g.agreement_id = (a.result->'agreement'->>'agreement_id')::uuid) AS agreement,
a.payee->>'card_id' AS card_id
FROM application a JOIN transition t USING (account_id, application_id)
WHERE a.account_id = :account_id AND a.application_id = :application_id AND t.version = :version
""".replace("{of_case}", _OF_CASE)
)
_CHAIN = Statement(
    "SELECT seq, at, action, subject, encode(hash, 'hex') AS hash FROM audit_entry"
    " WHERE account_id = :account_id AND subject = ANY(:subjects) ORDER BY seq"
)


def gather(session: Session, account_id: UUID, application_id: UUID, version: int) -> dict[str, Any]:
    """The record of a case that ended at `version`, each part with its place in the account's audit chain."""
    key = {"account_id": account_id, "application_id": application_id}
    found = _GATHER.first(session, {**key, "version": version})._asdict()
    card_id = found.pop("card_id")
    record = {
        "format": FORMAT,
        **{name: str(value) for name, value in key.items()},
        "version": version,
        **{name: value.isoformat() if name == "submitted_at" else value for name, value in found.items()},
    }
    subjects = [str(application_id), *([card_id] if card_id else []), *_parts(record)]
    rows = _CHAIN.all(session, {"account_id": account_id, "subjects": subjects})
    record["chain"] = [{**row._asdict(), "at": row.at.isoformat()} for row in rows]
    return record


def _parts(record: dict[str, Any]) -> list[str]:
    """What else the audit chain speaks of: consents, faces, phones, the code and the agreement."""
    names = {"consents": "consent_id", "faces": "session_id", "devices": "device_id"}
    found = [row[name] for part, name in names.items() for row in record[part] or ()]
    code, agreement = record["code"] or {}, record["agreement"] or {}
    single = (code.get("challenge_id"), agreement.get("agreement_id"))
    return [*found, *(name for name in single if name)]
