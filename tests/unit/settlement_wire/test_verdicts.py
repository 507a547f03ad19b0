"""What each answer means: explicit success, explicit final failure, or unknown."""

from __future__ import annotations

import pytest

from services.settlement.adapters.bdc.verdicts import pay_reply, query_reply
from services.settlement.adapters.bdc.xml import Message

UNDECIDED = frozenset({"99999"})


@pytest.mark.parametrize(
    ("tx_status", "code", "host_status", "outcome"),
    [
        ("0", "00000", "0", "accepted"),
        ("1", "B0051", "1", "rejected"),
        ("1", "B0051", None, "rejected"),
        ("0", "B0062", "1", "rejected"),
        ("0", "00000", "1", "unknown"),
        ("0", "00000", "2", "unknown"),
        ("0", "B0062", "2", "unknown"),
        ("0", "00000", None, "unknown"),
        ("0", "B0062", "0", "unknown"),
        ("0", None, "0", "unknown"),
        ("1", "00000", None, "unknown"),
        ("1", "", None, "unknown"),
        ("1", "B0051", "0", "unknown"),
        ("1", "99999", None, "unknown"),
        ("1", "E2007", "1", "not_sent"),
        ("1", "E2007", "0", "unknown"),
        ("0", "E2007", "0", "unknown"),
        ("2", "B0051", None, "unknown"),
        (None, None, None, "unknown"),
    ],
)
def test_the_answer_to_a_payment(tx_status, code, host_status, outcome):
    head = {"TxStatus": tx_status, "RtnCode": code}
    body = {"HostStatus": host_status, "CapHostSeqNo": ""}
    reply = pay_reply(
        Message(*({k: v for k, v in part.items() if v is not None} for part in (head, body))), UNDECIDED
    )
    assert (reply.outcome, reply.host_seq_no) == (outcome, None)


@pytest.mark.parametrize(
    ("tx_status", "code", "fate", "outcome"),
    [
        ("0", "00000", "0", "success"),
        ("0", "00000", "1", "failed"),
        ("0", "00000", "2", "pending"),
        ("0", "00000", "3", "unknown"),
        ("0", "00000", "", "unknown"),
        ("1", "NOREC", "", "no_record"),
        ("1", "E2001", "1", "unknown"),
        ("1", "00000", "1", "unknown"),
        ("0", "E9000", "0", "unknown"),
    ],
)
def test_the_answer_to_a_query(tx_status, code, fate, outcome):
    head = {"TxStatus": tx_status, "RtnCode": code, "RtnMessage": "话"}
    reply = query_reply(Message(head, {"OldTxStatus": fate, "HostSeqNo": ""}))
    assert (reply.outcome, reply.code, reply.message) == (outcome, code, "话")


@pytest.mark.parametrize("number", ["H" * 41, "H 1", "号", "H\t1"])
def test_a_number_that_no_table_holds_does_not_hide_the_outcome(number):
    """The reply could not be written down: the money had gone, and the payment stayed for ever on its way."""
    head = {"TxStatus": "0", "RtnCode": "00000"}
    paid = pay_reply(Message(head, {"HostStatus": "0", "CapHostSeqNo": number}), UNDECIDED)
    assert (paid.outcome, paid.host_seq_no) == ("accepted", None)
    asked = query_reply(Message(head, {"OldTxStatus": "0", "HostSeqNo": number}))
    assert (asked.outcome, asked.host_seq_no) == ("success", None)


def test_words_without_end_are_cut_to_what_a_history_holds():
    head = {"TxStatus": "1", "RtnCode": "B" * 5_000, "RtnMessage": "错" * 5_000}
    refused = pay_reply(Message(head, {"HostStatus": "1"}), UNDECIDED)
    assert (refused.outcome, refused.code, refused.message) == ("rejected", "B" * 40, "错" * 200)
