"""People 加人: how a person is shown, added to the registries and told to the centre."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from typing import Any

from sandbox.phone.lookup import BadOrder
from sandbox.wechat.account import Account
from sandbox.world import Person, World

IMPORT_WITHIN_S = 60


def shown(world: World, account: Account, person: Person) -> dict[str, Any]:
    """What the control API tells about a person."""
    openid = account.openid(person.key)
    return {
        "key": person.key,
        "name": person.name,
        "id_no": person.id_no,
        "phone": person.phone,
        "second_phone": person.second_phone,
        "portrait": person.portrait,
        "note": person.record.get("note", ""),
        "openid": openid,
        "mini_openid": account.mini_openid(person.key),
        "follows": account.follows(openid),
        "cards": [dict(card) for card in person.cards],
    }


def add_person(world: World, record: dict[str, Any]) -> Person:
    """Add a person to the registries, with photographs given as base64 JPEG."""
    missing = [name for name in ("key", "name", "id_no", "phone") if not record.get(name)]
    if missing:
        raise BadOrder(f"missing: {', '.join(missing)}")
    if not str(record["key"]).replace("-", "").replace("_", "").isalnum():
        raise BadOrder("key: letters, digits, - and _ only")
    photos = {kind: record.pop(f"{kind}_jpeg", None) for kind in ("reference", "actor")}
    if any(photos.values()):
        # The portrait named acts before the camera; the photograph given is the authority's.
        record["actor"] = record.get("portrait", "")
        record["portrait"] = f"added-{record['key']}"
    for kind, photo in photos.items():
        if photo:
            try:
                world.keep_portrait(record["portrait"], kind, photo)
            except ValueError as error:
                raise BadOrder(f"{kind}_jpeg: {error}") from None
    return world.add({name: value for name, value in record.items() if name != "import"})


def import_member(world: World, record: Mapping[str, Any]) -> dict[str, Any] | None:
    """Tell the product's operator command about the person, as the centre's own staff would."""
    if not world.setup.import_command:
        return None
    folder = world.setup.state / "imports"
    folder.mkdir(exist_ok=True)
    path = folder / f"{record['key']}.json"
    member = {name: value for name, value in record.items() if name != "import"}
    path.write_text(json.dumps({"members": [member]}, ensure_ascii=False, indent=1), "utf-8")
    try:
        done = subprocess.run(
            [*world.setup.import_command, str(path)],
            capture_output=True,
            text=True,
            timeout=IMPORT_WITHIN_S,
            env=os.environ.copy(),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return {"ok": False, "output": str(error)}
    return {"ok": done.returncode == 0, "output": (done.stdout + done.stderr)[-2000:]}
