"""Parameters 短信参数: which fill-ins an SMS text takes, in the order in which the providers approved them."""

from __future__ import annotations

from collections.abc import Mapping

from services.notices.ports import OutgoingNotice, Refused

PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "sms_code": ("code", "minutes"),
    "settlement_paid": ("date", "item", "amount", "card4", "balance"),
    "settlement_returned": ("date", "item", "amount", "card4"),
    "loan_repaid": ("date", "item", "amount", "owed", "balance"),
    "card_changed": ("bank", "card4", "usable_from"),
    "loan_card_changed": ("bank", "card4", "from"),
    "certificate_issued": ("name", "number"),
    "bound": ("time",),
    "review_refused": ("date", "item", "reason"),
    "operation_code": ("what", "code", "minutes"),
    "payment_waiting": ("item", "amount", "time", "card4"),
    "payment_stopped": ("item", "amount"),
    "face_stranger": ("item",),
    "transfer_refused": ("item", "centre", "reason"),
    "transfer_silent": ("item", "centre", "days"),
    "transfer_arrived": ("date", "centre", "amount", "balance"),
}


def filled(notice: OutgoingNotice) -> dict[str, str]:
    """The fill-ins of a notice in the approved order; a missing one is our own fault and ends the notice."""
    names = PARAMETERS.get(notice.template)
    if names is None:
        raise Refused("sms.template_unknown")
    try:
        return {name: notice.fields[name] for name in names}
    except KeyError:
        raise Refused("sms.field_missing") from None


def template_id(ids: Mapping[str, str], notice: OutgoingNotice, provider: str) -> str:
    """The provider's number of the text; another provider may have it approved when this one does not."""
    found = ids.get(notice.template)
    if not found:
        raise Refused(f"{provider}.template_unknown", elsewhere=True)
    return found
