"""Push XML 推送报文: reads the flat documents WeChat sends, and refuses everything a real one never holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

MOST_ELEMENTS = 500
_CDATA = re.compile(rb"<!\[CDATA\[.*?(?:\]\]>|\Z)", re.DOTALL)  # an open end is taken too: linear time
_DECLARED = re.compile(rb"<!|<\?(?!xml )")


class BadDocument(Exception):
    """Not a document of WeChat's; `reason` is for counters."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Document:
    """The fields of a push by name, and the entries of its `List`, where it has one or several."""

    fields: Mapping[str, str]
    entries: tuple[Mapping[str, str], ...] = ()


def read_document(raw: bytes) -> Document:
    """The fields of a push; raises BadDocument.

    What a person wrote stands in CDATA and may look like anything; outside it there are no declarations, no
    comments, no attributes and no name twice.
    """
    if _DECLARED.search(_CDATA.sub(b"", raw)):
        raise BadDocument("declaration")
    try:
        root: Element = fromstring(raw.decode("utf-8"), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise BadDocument("xml") from None
    _check_shape(root)
    return Document(_texts(root), tuple(_texts(entry) for entry in _entries(root)))


def _check_shape(root: Element) -> None:
    if root.tag != "xml" or root.attrib:
        raise BadDocument("shape")
    for number, element in enumerate(root.iter()):
        if element.attrib or number > MOST_ELEMENTS:
            raise BadDocument("shape")


def _texts(parent: Element) -> dict[str, str]:
    texts: dict[str, str] = {}
    for child in parent:
        if len(child) or child.tag == "List":
            continue
        if child.tag in texts:
            raise BadDocument("shape")
        texts[child.tag] = child.text or ""
    return texts


def _entries(root: Element) -> Iterator[Element]:
    """`List` stands below an element named after the event in the account's pushes, at the top in others."""
    yield from root.findall("List")
    for child in root:
        if child.tag != "List":
            yield from child.findall("List")
