"""Applications 办件: progress, confirmation, cancelling."""

from __future__ import annotations

from threading import BoundedSemaphore
from time import monotonic, sleep
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import g, request

from app.http.auth import member_only
from app.http.idempotency import run_once
from app.member_api.origin import origin_here
from app.member_api.reading import key_of, path_key, small_int
from app.member_api.schemas import ApplicationOut, ApplicationsOut, ConfirmIn
from app.member_api.showing import show
from app.ports import Ports, ports
from services.applications.service import applications_of, load
from services.core.db import transaction
from services.items.engine import state_table

blueprint = APIBlueprint("applications", __name__, url_prefix="/api/v1", tag="办件")
WAIT_MAX_S = 20
WAITERS = BoundedSemaphore(3)
_LOOK_EVERY_S = 0.25


@blueprint.get("/applications")
@blueprint.output(ApplicationsOut)
@blueprint.doc(summary="我的办件", description="`open=true` 只列还没办完的。")
@member_only
def list_applications() -> Any:
    """The member's applications."""
    own = ports()
    with transaction(own.sessions) as session:
        found = applications_of(session, g.account_id)
        if request.args.get("open") == "true":
            found = [a for a in found if a.state not in state_table(a).terminal and a.state != "paid"]
        return {"applications": [show(session, own, application) for application in found]}


@blueprint.get("/applications/<application_id>")
@blueprint.output(ApplicationOut)
@blueprint.doc(
    summary="办件进度",
    description="`wait_s`（0–20）和 `since_version` 一起用：版本号变大时立即返回，否则等到时间到。忙的时候可能提前返回，请按 `X-Poll-After-Ms` 再查。",
)
@member_only
def get_application(application_id: str) -> Any:
    """One application; waits a while for news when asked to."""
    own, key = ports(), path_key(application_id)
    wait_s = small_int(request.args.get("wait_s", "0"), WAIT_MAX_S, "wait_s")
    since = small_int(request.args.get("since_version", "0"), 10_000, "since_version")
    view = wait_for(lambda: _look(own, g.account_id, key), lambda seen: seen["version"] > since, wait_s)
    return view, 200, {"X-Poll-After-Ms": "1000"}


def _look(own: Ports, account_id: UUID, key: UUID) -> dict[str, Any]:
    with transaction(own.sessions) as session:
        return show(session, own, load(session, account_id, key))


def wait_for(look: Any, enough: Any, wait_s: int) -> dict[str, Any]:
    """Look until `enough`, at most `wait_s`; only a few requests of a process may wait at a time."""
    seen: dict[str, Any] = look()
    if wait_s == 0 or enough(seen) or not WAITERS.acquire(blocking=False):
        return seen
    try:
        until = monotonic() + wait_s
        while not enough(seen) and monotonic() < until:
            sleep(_LOOK_EVERY_S)
            seen = look()
        return seen
    finally:
        WAITERS.release()


@blueprint.post("/applications/<application_id>/confirm")
@blueprint.input(ConfirmIn, arg_name="body")
@blueprint.output(ApplicationOut, status_code=201)
@blueprint.doc(
    summary="确认办理",
    description=(
        "用通过的刷脸会话确认，只能用一次。需要请求头 Idempotency-Key。全部提完并销户的，提交以后金额变了：409"
        " `application.amount_moved`，撤销以后按现在的金额重新办理。"
    ),
)
@member_only
def confirm(application_id: str, body: ConfirmIn) -> Any:
    """Consume the passed face session and carry out the effect in one transaction."""
    own, account_id, key = ports(), g.account_id, path_key(application_id)
    face_session_id = key_of(body.face_session_id, field="face_session_id")
    return run_once(
        account_id,
        "confirm",
        {"application_id": str(key), "face_session_id": str(face_session_id)},
        lambda session: show(
            session, own, own.engine.confirm(session, account_id, key, face_session_id, origin_here(own))
        ),
    )


@blueprint.post("/applications/<application_id>/cancel")
@blueprint.output(ApplicationOut)
@blueprint.doc(
    summary="撤销办件", description="批准之前可以撤销；批准后等待付款（`waiting`）时也可以，钱马上退回账户。"
)
@member_only
def cancel(application_id: str) -> Any:
    """Withdraw an application that is not approved yet, or stop a payment that waits."""
    own = ports()
    with transaction(own.sessions) as session:
        return show(session, own, own.engine.cancel(session, g.account_id, path_key(application_id)))
