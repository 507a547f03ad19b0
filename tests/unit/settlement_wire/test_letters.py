"""Letters on the wire, byte by byte, and every way one may be unreadable."""

from __future__ import annotations

from datetime import date

import pytest

from services.settlement.adapters.bdc.errors import BadMessage
from services.settlement.adapters.bdc.letter_words import news_of
from services.settlement.adapters.bdc.letters import application_body
from services.settlement.adapters.bdc.messages import to_settlement
from services.settlement.adapters.bdc.xml import build, parse
from services.settlement.letters import AccountLetter, ContactLetter, LetterNews

NO = "C430202611230001"
ACCOUNT = {
    "TranAmt": "12034.56",
    "OrAcctAmt": "12000.00",
    "Yinter": "34.56",
    "OAcctDate": "202103",
    "PayEndDate": "202604",
    "SixMconFlag": "1",
    "LoanNum": "2",
    "LoanEndFlag": "0",
    "FrLoanFlag": "1",
}
LETTER_BODY = {"ConNum": NO, "TxFunc": "0", **ACCOUNT, "TranRstCode": "0"}
SAID = AccountLetter(1_203_456, 1_200_000, 3_456, "2021-03", "2026-04", True, 2, False, True)


def test_the_application_as_bytes(config, clock):
    letter = ContactLetter(
        letter_no=NO,
        written_on=date(2026, 11, 23),
        centre_code="C43010",
        centre_name="长沙住房公积金管理中心",
        member_name="张三丰",
        id_no="659999199003070014",
        former_account_no="430100123456",
    )
    message = to_settlement(
        config, clock, "BDC901", application_body(config, letter, "建设银行", "株洲 12329")
    )
    seq_no = message.head["SendSeqNo"]
    expected = (
        '<?xml version="1.0" encoding="GBK"?><message><head>'
        '<field name="SendDate">20261123</field><field name="SendTime">101500</field>'
        f'<field name="SendSeqNo">{seq_no}</field><field name="TxUnitNo">430200000001</field>'
        '<field name="SendNode">C43020</field><field name="TxCode">BDC901</field>'
        '<field name="ReceiveNode">D00000</field><field name="CustNo">4302000001</field>'
        '<field name="OperNo">ANJU01</field></head><body>'
        f'<field name="ConNum">{NO}</field><field name="TxFunc">0</field>'
        '<field name="TranOutUnitNo">C43010</field><field name="TranCenName">长沙住房公积金管理中心</field>'
        '<field name="EmpName">张三丰</field><field name="DocType">01</field>'
        '<field name="IdNum">659999199003070014</field><field name="SocUnitName"></field>'
        '<field name="SocRefAcctNo">430100123456</field>'
        '<field name="TranRefAcctNo">43050162000000000001</field>'
        '<field name="TranRefAcctName">株洲市住房公积金管理中心</field>'
        '<field name="TranBank">建设银行</field><field name="TrenCenInfo">株洲 12329</field>'
        '<field name="GenDate">20261123</field></body></message>'
    )
    assert build(message) == expected.encode("gb18030")


def test_an_account_letter_is_read_from_its_bytes():
    fields = "".join(f'<field name="{name}">{value}</field>' for name, value in LETTER_BODY.items())
    raw = (
        '<?xml version="1.0" encoding="GBK"?><message><head><field name="TxCode">BDC905</field></head>'
        f"<body>{fields}</body></message>"
    ).encode("gbk")
    assert news_of("BDC905", parse(raw).body) == LetterNews(NO, "letter", "08", "", SAID)


@pytest.mark.parametrize(
    ("status", "step"),
    [
        ("00", "done"),
        ("01", "moving"),
        ("02", "confirmed"),
        ("05", "withdrawn"),
        ("06", "talking"),
        ("08", "letter"),
        ("13", "refused"),
        ("20", "failed"),
        ("40", "failed"),
    ],
)
def test_every_status_of_the_platform(status, step):
    news = news_of("BDC904", {"ConNum": NO, "AppPrStatus": status, "AppPrInfo": "说明"})
    assert (news.step, news.code, news.reason, news.account) == (step, status, "说明", None)


def test_progress_may_bring_the_account():
    news = news_of("BDC904", {"ConNum": NO, "AppPrStatus": "00", "AppPrInfo": "", **ACCOUNT})
    assert (news.step, news.account) == ("done", SAID)


@pytest.mark.parametrize(("result", "step"), [("1", "refused"), ("2", "talking")])
def test_a_letter_that_hands_nothing_over(result, step):
    body = {"ConNum": NO, "TxFunc": "0", "TranRstCode": result, "AppPrInfo": "有未结清贷款"}
    news = news_of("BDC905", body)
    assert (news.step, news.reason, news.account) == (step, "有未结清贷款", None)


def test_a_confirmation():
    assert news_of("BDC901", {"ConNum": NO, "TxFunc": "1"}).step == "confirmed"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("ConNum", "C43020261123001", "letter.number"),
        ("ConNum", "X430202611230001", "letter.number"),
        ("ConNum", "C43020261123０001", "letter.number"),
        ("TxFunc", "3", "letter.function"),
        ("TranRstCode", "", "letter.result"),
        ("TranAmt", "12034.57", "letter.amount"),
        ("TranAmt", "12,034.56", "file.amount"),
        ("OrAcctAmt", "-1.00", "letter.amount"),
        ("Yinter", "34.5", "file.amount"),
        ("OAcctDate", "202113", "letter.month"),
        ("PayEndDate", "2026-04", "letter.month"),
        ("SixMconFlag", "Y", "letter.flag"),
        ("LoanNum", "-1", "letter.loans"),
        ("LoanEndFlag", "", "letter.flag"),
        ("FrLoanFlag", "2", "letter.flag"),
    ],
)
def test_a_letter_that_cannot_be_right_is_no_letter(field, value, code):
    with pytest.raises(BadMessage) as refused:
        news_of("BDC905", {**LETTER_BODY, field: value})
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("tx_code", "body"),
    [
        ("BDC901", {"ConNum": NO, "TxFunc": "0"}),
        ("BDC904", {"ConNum": NO, "AppPrStatus": "07"}),
        ("BDC904", {"ConNum": NO}),
        ("BDC905", {}),
    ],
)
def test_what_is_not_agreed_is_not_read(tx_code, body):
    with pytest.raises(BadMessage):
        news_of(tx_code, body)


def test_nothing_to_hand_over_is_no_letter():
    nothing = {**LETTER_BODY, "TranAmt": "0.00", "OrAcctAmt": "0.00", "Yinter": "0.00"}
    with pytest.raises(BadMessage):
        news_of("BDC905", nothing)
