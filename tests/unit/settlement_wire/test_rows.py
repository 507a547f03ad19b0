"""Rows of SBDC100 and BDC113, cell by cell as the paper lists them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.settlement.adapters.bdc.errors import BadMessage
from services.settlement.adapters.bdc.rows import change_of, changes_of, signed_fen
from services.settlement.adapters.bdc.xml import Message
from services.settlement.ports import AccountChange

# 序号|账号|银行主机流水号|交易代码|对手账号|对手户名|金额|日期|时间|可用金额|开户机构|备注|币别|钞汇|余额|可透支|
# 凭证种类|凭证号|对手行号|摘要|冲正标识|笔号|册号
DEBIT = (
    "1|43050162000000000001|H26112300000001|BDC101|6217000000000000012|张三|-3000.00|20261123|101503|"
    "97000.00|105000|102611230000001|156|1|97000.00|0.00|||105552000011|公积金提取|0|00000007|"
)


def packed(*files: bytes) -> Message:
    return Message({}, {}, {"FILE_LIST": tuple({"DATA": data.hex(), "NAME": "x.act"} for data in files)})


def test_a_row_cell_by_cell():
    assert change_of(DEBIT) == AccountChange(
        account_no="43050162000000000001",
        host_seq_no="H26112300000001",
        tx_code="BDC101",
        counter_account_no="6217000000000000012",
        counter_name="张三",
        amount_fen=300_000,
        direction="debit",
        day=date(2026, 11, 23),
        time="101503",
        balance_fen=9_700_000,
        summary="公积金提取",
        remark="102611230000001",
        reversal=False,
        pen_no="00000007",
        raw=DEBIT,
    )


def test_no_minus_is_money_coming_in_and_flag_one_a_reversal():
    change = change_of(DEBIT.replace("|-3000.00|", "|3000.00|").replace("|公积金提取|0|", "|公积金提取|1|"))
    assert (change.direction, change.amount_fen, change.reversal) == ("credit", 300_000, True)


def test_data_is_hex_of_gbk_text_in_any_number_of_files():
    line = DEBIT.encode("gbk")
    assert b"\xd5\xc5\xc8\xfd" in line
    assert len(changes_of(packed(line + b"\r\n" + line + b"\n", line))) == 3
    assert changes_of(Message({})) == []


@pytest.mark.parametrize(
    "row",
    [
        "",
        "1|2|3",
        DEBIT + "|",
        DEBIT.replace("-3000.00", "3,000.00"),
        DEBIT.replace("-3000.00", "3000"),
        DEBIT.replace("-3000.00", "３000.00"),
        DEBIT.replace("20261123", "20261323"),
        DEBIT.replace("20261123", "2026112a"),
        DEBIT.replace("101503", ""),
        DEBIT.replace("H26112300000001", ""),
        DEBIT.replace("43050162000000000001", ""),
    ],
)
def test_a_row_of_another_form_is_refused(row):
    with pytest.raises(BadMessage):
        change_of(row)


@pytest.mark.parametrize("data", ["4", "zz", "ff"])
def test_data_that_is_not_hex_of_text_is_refused(data):
    with pytest.raises(BadMessage):
        changes_of(Message({}, {}, {"FILE_LIST": ({"DATA": data},)}))


def test_one_bad_row_spoils_the_whole_file():
    with pytest.raises(BadMessage):
        changes_of(packed(DEBIT.encode("gbk") + b"\nx"))


@pytest.mark.parametrize(
    ("text", "fen"), [("0.00", 0), ("0.01", 1), ("-0.10", -10), ("20000000000.05", 2_000_000_000_005)]
)
def test_a_banks_amount(text, fen):
    assert signed_fen(text) == fen


@given(st.text(max_size=60))
def test_noise_is_refused(text):
    with pytest.raises(BadMessage):
        change_of(text)
