"""What a run of an agreement asks others 约定执行取数: about a bank's loan only, under the consent that was signed."""

from __future__ import annotations

from services.agreements.models import LoanAgreement
from services.items.declaration import Item
from services.items.engine import Engine, Prepared
from services.items.loading import SharedFacts


def prepared_run(engine: Engine, item: Item, agreement: LoanAgreement) -> Prepared:
    """Ask outside any transaction; of the centre's own loan its books know all. Raises ConsentRequired, ItemAbsent."""
    engine.require_open(item)
    if agreement.kind == "offset":
        return Prepared(item, item.form.model_validate({"action": "end"}), SharedFacts())
    form = item.form.model_validate({"action": "change", "loan": agreement.loan_ref})
    shared = engine.loader.shared(agreement.account_id, item, form, given=agreement.consent_id)
    return Prepared(item, form, shared)
