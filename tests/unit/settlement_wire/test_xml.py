"""Message text: exact bytes out, and only the agreed form in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.settlement.adapters.bdc.errors import BadMessage, Unencodable
from services.settlement.adapters.bdc.xml import Message, build, parse

PROLOG = b'<?xml version="1.0" encoding="GBK"?>'


def test_a_message_to_the_byte():
    built = build(Message({"TxCode": "BDC110"}, {"CrAcctName": "张三"}))
    assert built == (
        PROLOG + b'<message><head><field name="TxCode">BDC110</field></head>'
        b'<body><field name="CrAcctName">\xd5\xc5\xc8\xfd</field></body></message>'
    )


def test_a_character_outside_gbk_takes_its_four_bytes_of_gb18030():
    # U+20BB7: 0x20BB7 - 0x10000 + 189000 = 257535 = ((20 * 10 + 4) * 126 + 49) * 10 + 5
    assert b">\x95\x34\xb2\x35<" in build(Message({}, {"CrAcctName": "𠮷"}))


def test_marks_of_xml_are_escaped():
    assert b">A&amp;B &lt;C&gt;<" in build(Message({}, {"Summary": "A&B <C>"}))


def test_lists_are_numbered_from_zero():
    built = build(Message({}, {}, {"FILE_LIST": ({"DATA": "31", "NAME": "a.act"}, {"DATA": "32"})}))
    assert built.endswith(
        b'<body><field-list name="FILE_LIST">'
        b'<field-list name="0"><field name="DATA">31</field><field name="NAME">a.act</field></field-list>'
        b'<field-list name="1"><field name="DATA">32</field></field-list></field-list></body></message>'
    )


@pytest.mark.parametrize("text", ["\n", "\x00", "\x7f", chr(0xD800), chr(0xDFFF), "\ufffe"])
def test_text_that_xml_cannot_carry_is_not_written(text):
    with pytest.raises(Unencodable):
        build(Message({}, {"CrAcctName": f"张{text}"}))


def test_a_message_as_the_paper_lays_it_out_is_read():
    message = parse(
        PROLOG + b'\n<message>\n <head><field name="TxStatus">0</field>\n  <field name="RtnMessage">\xb3\xc9'
        b'\xb9\xa6</field></head>\n <body><field name="HostStatus">0</field><field name="Empty"></field>'
        b'<field-list name="FILE_LIST"><field-list name="0"><field name="DATA">41</field></field-list>'
        b"</field-list></body>\n</message>"
    )
    assert message.head == {"TxStatus": "0", "RtnMessage": "成功"}
    assert message.body == {"HostStatus": "0", "Empty": ""}
    assert message.lists == {"FILE_LIST": ({"DATA": "41"},)}


BODY = b"<message><head></head><body>%s</body></message>"


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "message.declaration"),
        (BODY % b"", "message.declaration"),
        (b'<?xml version="1.0" encoding="UTF-8"?>' + BODY % b"", "message.declaration"),
        (PROLOG + BODY % b"\xff\xff", "message.charset"),
        (PROLOG + b"<message>", "message.xml"),
        (PROLOG + b'<!DOCTYPE message [<!ENTITY a "b">]>' + BODY % b"", "message.xml"),
        (PROLOG + b"<message><body></body><head></head></message>", "message.shape"),
        (PROLOG + b"<answer><head></head><body></body></answer>", "message.shape"),
        (PROLOG + BODY % b'<field name="A">1</field><field name="A">2</field>', "message.repeated"),
        (
            PROLOG + BODY % b'<field-list name="FILE_LIST"></field-list><field-list name="FILE_LIST"></field-list>',
            "message.repeated",
        ),
        (PROLOG + BODY % b'<field name="A"><b/></field>', "message.shape"),
        (PROLOG + BODY % b"<field>1</field>", "message.name"),
        (PROLOG + BODY % b'<field name="A B">1</field>', "message.name"),
        (
            PROLOG + BODY % b'<field-list name="L"><field-list name="1"></field-list></field-list>',
            "message.list",
        ),
        (PROLOG + BODY % (b"<x>" * 9 + b"</x>" * 9), "message.depth"),
        (PROLOG + BODY % (b"<x>" * 20000 + b"</x>" * 20000), "message.depth"),
    ],
)
def test_anything_else_is_a_bad_message(payload, code):
    with pytest.raises(BadMessage) as fault:
        parse(payload)
    assert fault.value.code == code


@given(st.binary(max_size=200))
def test_noise_behind_a_good_beginning_is_a_bad_message(noise):
    for payload in (noise, PROLOG + noise, PROLOG + b"<message><head></head><body>" + noise):
        with pytest.raises(BadMessage):
            parse(payload)


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=40)
)
def test_whatever_is_written_is_read_back(text):
    assert parse(build(Message({}, {"CrAcctName": text}))).body == {"CrAcctName": text}
