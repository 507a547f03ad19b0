"""Bodies that lenient parsers let pass are refused, each with its code (rows J1–J8 of the bad inputs)."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import Malformed
from services.core.strict_json import loads


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"a": 1, "a": 2}', "json.duplicate_key"),
        (b'{"x": {"a": 1, "a": 1}}', "json.duplicate_key"),
        (b'{"a": 1, "\\u0061": 2}', "json.duplicate_key"),
        (b'{"a": NaN}', "json.number"),
        (b'{"a": Infinity}', "json.number"),
        (b'{"a": -Infinity}', "json.number"),
        (b'{"a": 1e309}', "json.number"),
        (b'{"a": -1e309}', "json.number"),
        (b'{"a": -0.0}', "json.number"),
        (b'{"a":' + b"[" * 1000 + b"]" * 1000 + b"}", "json.depth"),
        (b"[" * 100_000, "json.depth"),
        (b'{"a":' * 100_000, "json.depth"),
        (b'{"a": "\\u0000"}', "text.nul"),
        (b'{"\\u0000": 1}', "text.nul"),
        (b'{"a": "\\ud842"}', "text.surrogate"),
        (b'{"a": ["\\udfb7"]}', "text.surrogate"),
        ('{"a": "张"}'.encode("gbk"), "json.syntax"),
        (b'{"a": "\xff"}', "json.syntax"),
        (b"\xef\xbb\xbf{}", "json.syntax"),
        (b"[]", "json.not_object"),
        (b'"text"', "json.not_object"),
        (b"null", "json.not_object"),
        (b"1", "json.not_object"),
        (b"", "json.syntax"),
        (b'{"a": 1,}', "json.syntax"),
        (b'{"a": 1} // no', "json.syntax"),
        (b"{'a': 1}", "json.syntax"),
        (b'{"a": 1}{"b": 2}', "json.syntax"),
        (b'{"a": "\x01"}', "json.syntax"),
        (b'{"a": ' + b"9" * 5000 + b"}", "json.syntax"),
        (b'{"a": [' + b"1," * 10_000 + b"1]}", "json.too_long"),
        (b"{" + b",".join(b'"%d": 1' % number for number in range(10_002)) + b"}", "json.too_long"),
        (b'{"a": [' + b"[1, 1, 1, 1, 1, 1, 1]," * 1_500 + b"1]}", "json.too_long"),
        (b'{"a": 0x10}', "json.syntax"),
        (b'{"a": 01}', "json.syntax"),
    ],
)
def test_a_bad_body_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        loads(body)
    assert (refused.value.code, refused.value.status) == (code, 400)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"a": "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}',
        b'{"a": "\\"[[[[[[[[[[[[[[[[[[[[[[[[["}',
        b'{"a": "\\ud842\\udfb7"}',
        '{"a": "𠮷"}'.encode(),
        b'{"a": -0, "b": 1.5e3}',
    ],
)
def test_an_honest_body_is_read(body: bytes) -> None:
    assert loads(body) == json.loads(body)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(st.dictionaries(st.text("xyz", max_size=4), _JSON, max_size=4))
def test_what_python_writes_is_read_the_same(value: dict[str, object]) -> None:
    assert loads(json.dumps(value)) == value


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    try:
        value = loads(body)
    except Malformed:
        return
    assert isinstance(value, dict)
    json.dumps(value, allow_nan=False).encode()


def test_a_long_hostile_text_is_read_in_linear_time() -> None:
    """Quotes and backslashes without end: one pass over a megabyte, no backtracking."""
    began = time.perf_counter()
    for body in (b'"\\' * 500_000, b'{"a": "' + b"\\\\" * 500_000, b'"' * 1_000_001):
        with pytest.raises(Malformed):
            loads(body)
    assert time.perf_counter() - began < 5


def test_a_body_of_many_names_costs_no_more_than_its_reading() -> None:
    """Four megabytes of names that no form knows were a fault each: 300 MB and seconds, for everybody else too."""
    body = b"{" + b",".join(b'"%d":1' % number for number in range(400_000)) + b"}"
    began = time.perf_counter()
    with pytest.raises(Malformed) as refused:
        loads(body)
    assert refused.value.code == "json.too_long"
    assert time.perf_counter() - began < 1
