"""Message text 报文体: `<message>` of named fields, declared GBK and written in its superset GB18030."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from services.settlement.adapters.bdc.errors import BadMessage, Unencodable

# Every GBK character has the same bytes in GB18030; a character outside GBK takes four bytes instead of failing.
CHARSET = "gb18030"
DECLARATION = '<?xml version="1.0" encoding="GBK"?>'

_DECLARED = re.compile(
    r"""<\?xml version=["']1\.0["'] encoding=["'](?:GBK|GB18030)["'] ?\?>""", re.IGNORECASE
)
_FORBIDDEN = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_DEEPEST = 5  # message, body, field-list, numbered field-list, field

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Message:
    """Fields of head and body, and the body's lists of numbered rows."""

    head: Mapping[str, str]
    body: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)


def build(message: Message) -> bytes:
    """The bytes of a message; raises Unencodable for text that XML or GB18030 cannot carry."""
    lists = "".join(_list_text(name, rows) for name, rows in message.lists.items())
    return (
        f"{DECLARATION}<message><head>{_fields_text(message.head)}</head>"
        f"<body>{_fields_text(message.body)}{lists}</body></message>"
    ).encode(CHARSET)


def _fields_text(fields: Row) -> str:
    return "".join(f'<field name="{name}">{_value_text(value)}</field>' for name, value in fields.items())


def _value_text(value: str) -> str:
    if _FORBIDDEN.search(value):
        raise Unencodable("message.unencodable")
    return escape(value)


def _list_text(name: str, rows: tuple[Row, ...]) -> str:
    numbered = "".join(
        f'<field-list name="{number}">{_fields_text(row)}</field-list>' for number, row in enumerate(rows)
    )
    return f'<field-list name="{name}">{numbered}</field-list>'


def parse(payload: bytes) -> Message:
    """Read a message strictly; raises BadMessage for anything but the agreed form."""
    root = _root(payload)
    parts = list(root)
    if root.tag != "message" or [part.tag for part in parts] != ["head", "body"]:
        raise BadMessage("message.shape")
    return Message(_fields(parts[0], allow_lists=False), _fields(parts[1], allow_lists=True), _lists(parts[1]))


def _root(payload: bytes) -> Element:
    try:
        text = payload.decode(CHARSET)
    except UnicodeDecodeError:
        raise BadMessage("message.charset") from None
    declared = _DECLARED.match(text)
    if declared is None:
        raise BadMessage("message.declaration")
    try:
        # expat knows no multi-byte charset, so it is given text and the declaration is taken off.
        root: Element = fromstring(text[declared.end() :], forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise BadMessage("message.xml") from None
    if any(depth > _DEEPEST for depth in _depths(root)):
        raise BadMessage("message.depth")
    return root


def _depths(root: Element) -> Iterator[int]:
    level, depth = [root], 1
    while level and depth <= _DEEPEST + 1:
        yield depth
        level, depth = [child for element in level for child in element], depth + 1


def _fields(parent: Element, *, allow_lists: bool) -> dict[str, str]:
    fields: dict[str, str] = {}
    for child in parent:
        if child.tag == "field-list" and allow_lists:
            continue
        if child.tag != "field" or len(child):
            raise BadMessage("message.shape")
        name = _name(child)
        if name in fields:
            raise BadMessage("message.repeated")
        fields[name] = child.text or ""
    return fields


def _lists(parent: Element) -> dict[str, tuple[Row, ...]]:
    lists: dict[str, tuple[Row, ...]] = {}
    for child in parent:
        if child.tag != "field-list":
            continue
        name = _name(child)
        if name in lists:  # its movements would be lost, and the message acknowledged
            raise BadMessage("message.repeated")
        lists[name] = _rows(child)
    return lists


def _rows(parent: Element) -> tuple[Row, ...]:
    for number, child in enumerate(parent):
        if child.tag != "field-list" or child.get("name") != str(number):
            raise BadMessage("message.list")
    return tuple(_fields(child, allow_lists=False) for child in parent)


def _name(element: Element) -> str:
    name = element.get("name", "")
    if not _NAME.fullmatch(name):
        raise BadMessage("message.name")
    return name
