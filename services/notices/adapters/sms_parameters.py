"""Parameters 短信参数: which fill-ins an SMS text takes, in the order in which the providers approved them."""

from __future__ import annotations

from collections.abc import Mapping

from services.notices.ports import OutgoingNotice, Refused
from services.notices.wording import current


class NoText(Refused):
    """The provider has no approved text for the notice; it was not asked at all."""


def filled(notice: OutgoingNotice) -> dict[str, str]:
    """The fill-ins of a notice in the approved order; a missing one is our own fault and ends the notice."""
    wording = current(notice.template)
    if wording is None or wording.sms is None:
        raise Refused("sms.template_unknown")
    try:
        return {name: notice.fields[name] for name in wording.parameters}
    except KeyError:
        raise Refused("sms.field_missing") from None


def template_id(ids: Mapping[str, str], notice: OutgoingNotice, provider: str) -> str:
    """The provider's number of the text; another provider may have it approved when this one does not."""
    found = ids.get(notice.template)
    if not found:
        raise NoText(f"{provider}.template_unknown", elsewhere=True)
    return found
