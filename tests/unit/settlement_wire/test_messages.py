"""The requests we send, field by field."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.settlement.adapters.bdc.messages import fresh_seq_no, outcome_query, payment, statement_query


def test_a_payment_within_the_bank(config, clock, order):
    message = payment(config, clock, order)
    assert dict(message.head) == {
        "SendDate": "20261123",
        "SendTime": "101500",
        "SendSeqNo": "102611230000001",
        "TxUnitNo": "430200000001",
        "SendNode": "C43020",
        "TxCode": "BDC101",
        "ReceiveNode": "105000",
        "CustNo": "4302000001",
        "OperNo": "ANJU01",
    }
    assert dict(message.body) == {
        "SettleType": "1",
        "BusType": "02",
        "DeAcctNo": "43050162000000000001",
        "DeAcctName": "株洲市住房公积金管理中心",
        "DeAcctClass": "2",
        "CapAmt": "3000.00",
        "IntAmt": "0.00",
        "CrAcctNo": "6217000000000000012",
        "CrAcctName": "张三丰",
        "CrAcctClass": "1",
        "CrBankClass": "0",
        "CrBankName": "建设银行",
        "Amt": "3000.00",
        "RefSeqNo1": "102611230000001",
        "Summary": "公积金提取",
        "Remark": "102611230000001",
    }


def test_a_closing_payment_to_another_bank(config, clock, order):
    closing = replace(
        order,
        settle_type="2",
        bus_type="03",
        amount_fen=300_001,
        interest_fen=1,
        same_bank=False,
        interbank_no="102552000012",
    )
    body = payment(config, clock, closing).body
    assert (body["BusType"], body["CapAmt"], body["IntAmt"], body["Amt"]) == (
        "03",
        "3000.00",
        "0.01",
        "3000.01",
    )
    assert (body["CrBankClass"], body["CrChgNo"]) == ("1", "102552000012")
    assert (body["DeIntAcctNo"], body["DeIntAcctClass"]) == ("43050162000000000001", "2")


def test_a_payment_keeps_the_date_it_was_first_sent_on(config, clock, order):
    assert payment(config, clock, replace(order, sent_on=date(2026, 11, 20))).head["SendDate"] == "20261120"


def test_queries_ask_by_date_and_number(config, clock):
    query = outcome_query(config, clock, "102611230000001", date(2026, 11, 23))
    assert dict(query.body) == {"TxDate": "20261123", "TxSeqNo": "102611230000001"}
    asked = statement_query(config, clock, date(2026, 11, 23)).body
    assert (asked["AcctNo"], asked["StartDate"], asked["EndDate"]) == (
        "43050162000000000001",
        "20261123",
        "20261123",
    )


def test_a_message_without_money_never_has_the_number_of_a_case(config, clock):
    numbers = {fresh_seq_no() for _ in range(100)}
    assert len(numbers) == 100
    assert all(len(number) == 15 and number.startswith("00") for number in numbers)


def test_secrets_are_not_shown_with_the_settings(config):
    assert "secret" not in repr(config)
    assert "sign_on_key" not in repr(config)
