"""Consents 同意书: the words, the agreement, and taking it back."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, g

from app.http.auth import member_only, open_to_all
from app.http.rate_limit import Limit, hit
from app.member_api.reading import path_key
from app.member_api.schemas import ConsentIn, ConsentOut, ConsentsOut, ConsentTextOut
from app.ports import Ports, ports
from services.core.clock import shanghai_iso
from services.core.db import transaction
from services.core.errors import NotFound
from services.face.rights import end_for_withdrawal
from services.members.consents import consent_text, consents_of, grant, withdraw
from services.members.models import Consent

blueprint = APIBlueprint("consents", __name__, url_prefix="/api/v1", tag="同意书")
GRANTS = Limit("consents", 30, 60)


@blueprint.get("/consents/texts/<kind>")
@blueprint.output(ConsentTextOut)
@blueprint.doc(summary="同意书内容")
@open_to_all
def text(kind: str) -> Any:
    """The present words of a kind."""
    _refuse_unoffered(ports(), kind)
    words = consent_text(kind)
    other = {"label": words.other_way[0], "text": words.other_way[1]} if words.other_way else None
    return {
        "kind": words.kind,
        "version": words.version,
        "title": words.title,
        "paragraphs": list(words.paragraphs),
        "agree_label": words.agree_label,
        "other_way": other,
    }


@blueprint.post("/consents")
@blueprint.input(ConsentIn, arg_name="body")
@blueprint.output(ConsentOut, status_code=201)
@blueprint.doc(summary="同意")
@member_only
def agree(body: ConsentIn) -> Any:
    """Write an agreement to the present words."""
    own = ports()
    hit(GRANTS, str(g.account_id))
    _refuse_unoffered(own, body.kind)
    with transaction(own.sessions) as session:
        scope = body.application_id or body.item_code
        return _view(grant(session, g.account_id, body.kind, body.text_version, scope, own.clock.now()))


def _refuse_unoffered(own: Ports, kind: str) -> None:
    """Where no templates are kept, nobody is asked to agree to it."""
    if kind == "face_template" and not own.settings.face_keep_templates:
        raise NotFound


def _view(consent: Consent) -> dict[str, Any]:
    return {
        "consent_id": str(consent.consent_id),
        "kind": consent.kind,
        "text_version": consent.text_version,
        "granted_at": shanghai_iso(consent.granted_at),
        "withdrawn_at": shanghai_iso(consent.withdrawn_at) if consent.withdrawn_at else None,
    }


@blueprint.get("/consents")
@blueprint.output(ConsentsOut)
@blueprint.doc(summary="我的同意书")
@member_only
def list_consents() -> Any:
    """Every consent given."""
    own = ports()
    with transaction(own.sessions) as session:
        return {"consents": [_view(consent) for consent in consents_of(session, g.account_id)]}


@blueprint.delete("/consents/<consent_id>")
@blueprint.doc(summary="撤回同意", responses={204: "已撤回"})
@member_only
def take_back(consent_id: str) -> Response:
    """End a consent; running face checks end with theirs, and their pictures go."""
    own = ports()
    with transaction(own.sessions) as session:
        consent = withdraw(session, g.account_id, path_key(consent_id), own.clock.now())
        if consent.kind.startswith("face"):
            end_for_withdrawal(session, g.account_id, consent.consent_id, own.clock.now())
    return Response(status=204)
