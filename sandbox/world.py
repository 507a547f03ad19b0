"""World 世间: the people the registries, banks, phones and WeChat of the sandbox know, and its clock."""

from __future__ import annotations

import base64
import io
import itertools
import os
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from PIL import Image

from sandbox.faults import Faults
from sandbox.setup import PORTRAITS, Setup
from sandbox.store import Store

CHINA = timezone(timedelta(hours=8))
PHOTO_LIMIT = 40 * 1024


@dataclass(frozen=True)
class Person:
    """One person as the outside world knows them; `record` keeps every field of the demo file."""

    key: str
    name: str
    id_no: str
    phone: str
    portrait: str = ""
    marital_status: str = "10"
    spouse: str = ""
    houses: tuple[Mapping[str, Any], ...] = ()
    cards: tuple[Mapping[str, Any], ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def second_phone(self) -> str:
        """The number of the second SIM in the same phone, for those who change theirs."""
        return f"199{self.phone[3:]}"


def person_from(record: Mapping[str, Any]) -> Person:
    """A person from one `[[member]]` table or one JSON object of the control API."""
    return Person(
        key=str(record["key"]),
        name=str(record["name"]),
        id_no=str(record["id_no"]).upper(),
        phone=str(record["phone"]),
        portrait=str(record.get("portrait", "")),
        marital_status=str(record.get("marital_status", "10")),
        spouse=str(record.get("spouse", "")),
        houses=tuple(record.get("houses", ())),
        cards=tuple(record.get("cards", ())),
        record=dict(record),
    )


class World:
    """People, photos, clock, faults and the record of every call, shared by all sandbox servers."""

    def __init__(self, setup: Setup, store: Store) -> None:
        self.setup = setup
        self.store = store
        self.faults = Faults()
        self._offset: tuple[int, float] | None = None
        self._ordered_s = float(store.get("clock", "offset_s", 0))
        self._from_file = self._load(setup.members_file)

    @staticmethod
    def _load(path: Path) -> dict[str, Person]:
        if not path.exists():
            return {}
        members = tomllib.loads(path.read_text("utf-8")).get("member", [])
        return {person.key: person for person in map(person_from, members)}

    # people

    def people(self) -> list[Person]:
        """Everybody: those of the demo file, then those added since."""
        added = {key: person_from(record) for key, record in self.store.items("people")}
        return list({**self._from_file, **added}.values())

    def person(self, key: str) -> Person | None:
        """One person by sandbox key."""
        record = self.store.get("people", key)
        return person_from(record) if record else self._from_file.get(key)

    def find(self, name: str, id_no: str) -> Person | None:
        """The person a registry finds under this name and ID number."""
        return next((p for p in self.people() if p.name == name and p.id_no == id_no.upper()), None)

    def by_phone(self, phone: str) -> Person | None:
        """The person whose number this is."""
        return next((p for p in self.people() if p.phone == phone), None)

    def add(self, record: Mapping[str, Any]) -> Person:
        """Add or replace a person."""
        person = person_from(record)
        self.store.put("people", person.key, dict(record))
        return person

    # photographs

    @property
    def added_portraits(self) -> Path:
        """Where photographs given through the control API lie, one folder each as in sandbox/portraits."""
        return self.setup.state / "portraits"

    def portrait_file(self, portrait: str, kind: str) -> Path | None:
        """`reference` (the police photo) or `actor` (another photo of the same person)."""
        if not portrait or not portrait.replace("-", "").replace("_", "").isalnum():
            return None
        for folder in (self.added_portraits, PORTRAITS):
            for name in (kind, "reference"):
                path = folder / portrait / f"{name}.jpg"
                if path.exists():
                    return path
        return None

    def keep_portrait(self, portrait: str, kind: str, jpeg_base64: str) -> None:
        """Keep a photograph given through the control API; anything Pillow cannot read raises ValueError."""
        try:
            image = Image.open(io.BytesIO(base64.b64decode(jpeg_base64, validate=True))).convert("RGB")
        except OSError as error:
            raise ValueError("not a readable photograph") from error
        folder = self.added_portraits / portrait
        folder.mkdir(parents=True, exist_ok=True)
        image.save(folder / f"{kind}.jpg", quality=92)

    def police_photo(self, person: Person) -> bytes | None:
        """The reference photo as a JPEG of at most 40 KB, as registries hand out."""
        path = self.portrait_file(person.portrait, "reference")
        return small_jpeg(path.read_bytes()) if path else None

    # time

    @property
    def offset_s(self) -> float:
        """Seconds the world's clock is ahead of the machine's."""
        path = self.setup.clock_file
        try:
            written_ns = os.stat(path).st_mtime_ns if path is not None else -1
        except FileNotFoundError:
            written_ns = -1
        if path is None or written_ns == -1:
            return self._ordered_s
        if self._offset is None or self._offset[0] != written_ns:  # asked for with every call of every server
            self._offset = (written_ns, float(path.read_text().strip() or 0))
        return self._offset[1]

    def shift_clock(self, offset_s: float) -> None:
        """Set the offset, also for the product when its offset file is known."""
        self.store.put("clock", "offset_s", offset_s)
        self._ordered_s = offset_s
        path = self.setup.clock_file
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_name(path.name + ".new")
            fresh.write_text(str(offset_s))
            fresh.replace(path)

    def time(self) -> float:
        """Unix time of the world's clock."""
        return time.time() + self.offset_s

    def now(self) -> datetime:
        """The world's clock in China."""
        return datetime.fromtimestamp(self.time(), CHINA)

    # what the servers saw

    def saw(self, server: str, call: Mapping[str, Any]) -> None:
        """Keep a record of one call for GET /control/received."""
        number = self.store.append("received", server, dict(call))
        if number % 500 == 0:
            self.store.trim("received", 5000)


def small_jpeg(photo: bytes) -> bytes:
    """Scale and compress a photo until it fits 40 KB; one that fits already stays byte for byte."""
    if len(photo) <= PHOTO_LIMIT:
        return photo
    image = Image.open(io.BytesIO(photo)).convert("RGB")
    for size, quality in itertools.product(((480, 600), (358, 441), (240, 300)), (88, 75, 60)):
        image.thumbnail(size)
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality)
        if out.tell() <= PHOTO_LIMIT:
            break
    return out.getvalue()
