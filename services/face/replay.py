"""Replays 重放: the frames of a session looked up among those of all earlier ones, copies included."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.core.crypto import FieldCipher
from services.face.engine.calibration import Replay
from services.face.engine.replay import bands, blinded, matches_needed, probes

_BANDS = tuple(f"band{number}" for number in range(4))
_PROBES = (
    "unnest(CAST(:digests AS text[]), CAST(:band0 AS int[]), CAST(:band1 AS int[]), CAST(:band2 AS int[]),"
    " CAST(:band3 AS int[])) WITH ORDINALITY AS p (digest, b0, b1, b2, b3, number)"
)
# One index for each: a join on any of the bands would read the whole table.
_NEAR = " UNION ALL ".join(
    f"SELECT h.account_id, h.session_id FROM face_picture_hash h WHERE h.band{number} = probe.b{number}"  # noqa: S608
    " AND h.session_id <> :own AND bit_count(h.digest # probe.digest) <= :most"
    for number in range(4)
)
_FIND = text(
    "WITH probe AS MATERIALIZED (SELECT CAST(digest AS bit(512)) AS digest, b0, b1, b2, b3, number"  # noqa: S608
    f" FROM {_PROBES}) SELECT 1 FROM probe CROSS JOIN LATERAL ({_NEAR}) AS near"
    " GROUP BY account_id, session_id HAVING count(DISTINCT number) >= :needed LIMIT 1"
)
_STORE = text(
    "INSERT INTO face_picture_hash (account_id, session_id, seq, digest, band0, band1, band2, band3, seen_at)"  # noqa: S608
    " SELECT :account_id, :own, number - 1, CAST(digest AS bit(512)), b0, b1, b2, b3, :at"
    f" FROM {_PROBES} ON CONFLICT DO NOTHING"
)


class Replays:
    """Finds copies of earlier frames; stored hashes are blinded, so that no picture can be drawn from the table."""

    def __init__(self, cipher: FieldCipher, limits: Replay) -> None:
        self._key = cipher.look_up("signs", "face_picture_hash.digest")
        self._limits = limits

    def seen_before(
        self, session: Session, account_id: UUID, session_id: UUID, hashes: Sequence[str], at: datetime
    ) -> bool:
        """Whether most frames are copies of one earlier session's, of whichever member; keeps their hashes."""
        digests = list(dict.fromkeys(blinded(bytes.fromhex(value), self._key) for value in hashes))
        found = self._find(session, session_id, probes(digests, int(self._limits.probes)))
        if digests:
            values = {"account_id": account_id, "own": session_id, "at": at}
            session.execute(_STORE, {**values, **_columns(digests)})
        return found

    def _find(self, session: Session, session_id: UUID, probed: Sequence[bytes]) -> bool:
        needed = matches_needed(len(probed), self._limits.share, int(self._limits.least))
        if needed is None:
            return False
        values = {"own": session_id, "most": int(self._limits.distance), "needed": needed}
        return session.execute(_FIND, {**values, **_columns(probed)}).first() is not None


def _columns(digests: Sequence[bytes]) -> dict[str, list[str] | list[int]]:
    numbers = [bands(digest) for digest in digests]
    by_band = {name: [row[place] for row in numbers] for place, name in enumerate(_BANDS)}
    return {"digests": [f"x{digest.hex()}" for digest in digests], **by_band}
