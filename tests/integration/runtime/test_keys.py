"""Keys of sealed fields: side by side, rotated row by row, and never silently missing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, inspect, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from config.settings import SettingsFault
from runtime import bank_link
from runtime.key_ring import WrongKeys, add_key, check_at_start, check_keys, parse_ring, read_ring
from runtime.key_rotation import SEALED, left_over, retire, rotate
from services.core.crypto import FieldCipher, KeyLost
from services.core.db import make_engine, make_sessions, one_look, transaction
from services.members.identity import person_of
from tests.support.domain.world import World

_OLD, _NEW = b"\1" * 32, b"\2" * 32


def rings() -> tuple[FieldCipher, FieldCipher]:
    """Before and after a second key was added."""
    return FieldCipher({1: _OLD}, 1, b"l" * 32), FieldCipher({1: _OLD, 2: _NEW}, 2, b"l" * 32)


def test_old_and_new_key_live_side_by_side() -> None:
    before, after = rings()
    blob = before.seal("张三", "member.name")
    assert after.open(blob, "member.name") == "张三"
    again = after.reseal(blob, "member.name")
    assert (blob[0], again[0]) == (1, 2)
    assert after.open(again, "member.name") == "张三"


def test_a_key_that_is_not_there_is_named_and_never_guessed() -> None:
    before, after = rings()
    with pytest.raises(KeyLost, match="key 2"):
        before.open(after.seal("x", "member.name"), "member.name")


@pytest.mark.parametrize(
    "words", ["1:" + "a" * 64, "2:" + "a" * 63, "2:x", f"2:{'a' * 64}\n2:{'b' * 64}", "300:" + "a" * 64]
)
def test_what_is_no_ring(words: str) -> None:
    with pytest.raises(SettingsFault):
        parse_ring(words)


def test_a_ring_others_may_read_is_refused(world: World, tmp_path: Path) -> None:
    (tmp_path / "field_key").write_text(_OLD.hex())
    settings = world.product.settings.model_copy(update={"secrets_dir": tmp_path})
    settings.__dict__.pop("secrets_path", None)
    assert add_key(tmp_path, read_ring(settings)) == 2
    assert (tmp_path / "field_keys").stat().st_mode & 0o777 == 0o600
    assert sorted(read_ring(settings)) == [1, 2]
    (tmp_path / "field_keys").chmod(0o640)
    with pytest.raises(SettingsFault, match="readable by others"):
        read_ring(settings)


def test_every_sealed_column_is_rotated(world: World) -> None:
    """Whoever adds one says for which context it is sealed."""
    columns = {
        (table, column["name"])
        for table in inspect(world.database.engine).get_table_names()
        for column in inspect(world.database.engine).get_columns(table)
        if column["name"].endswith("_sealed")
    }
    assert columns == SEALED.keys()


def test_a_rotation_that_was_killed_goes_on_and_leaves_nothing(world: World) -> None:
    member = world.member()
    case = world.approved(member)
    ring = dict(world.cipher.keys)
    after = FieldCipher({**ring, 2: _NEW}, 2, world.cipher.lookup_key)
    owner = make_sessions(make_engine(world.database.urls.owner, pool_size=1))
    with transaction(owner) as session:
        check_keys(session, after.keys, note=True)
        assert {"member", "payment_instruction"} <= {left.table for left in left_over(session, 2)}
        refused = retire(session, after, 1, world.clock.now())
        assert refused != []
        assert retired(session) == set()
    try:
        with pytest.raises(KeyError):  # killed on the way: a context that is missing
            _rotate_until_it_breaks(owner, after)
        assert rotate(owner, after, batch=3) > 0
        assert rotate(owner, after, batch=3) == 0
        with transaction(owner) as session:
            assert list(left_over(session, 2)) == []
            assert person_of(session, after, member.account_id).name == member.person.name
            assert retire(session, after, 1, world.clock.now()) == []
            assert retired(session) == {1}
            assert (
                person_of(session, FieldCipher({2: _NEW}, 2, b""), member.account_id).id_no
                == member.person.id_no
            )
        assert world.state(case)[1] == "ready"
    finally:
        back = FieldCipher({**ring, 2: _NEW}, 1, b"")
        rotate(owner, back)
        with transaction(owner) as session:
            session.execute(text("DELETE FROM field_key WHERE number = 2"))
            session.execute(text("UPDATE field_key SET retired_at = NULL"))


def retired(session: Session) -> set[int]:
    """Numbers of the keys that are no longer needed."""
    return set(session.scalars(text("SELECT number FROM field_key WHERE retired_at IS NOT NULL")))


def _rotate_until_it_breaks(owner: object, cipher: FieldCipher) -> None:
    class Breaks(FieldCipher):
        def reseal(self, blob: bytes, context: str) -> bytes:
            if context == "member.phone":
                raise KeyError(context)
            return super().reseal(blob, context)

    rotate(owner, Breaks(cipher.keys, cipher.current, cipher.lookup_key), batch=2)  # type: ignore[arg-type]


def test_a_database_restored_without_its_key_is_not_served(world: World) -> None:
    """The key of another place, or none: every process refuses to start, and says which key it wants."""
    own = world.product
    check_at_start(own)
    with transaction(world.sessions) as session:
        with pytest.raises(WrongKeys, match="key 1 is another one"):
            check_keys(session, {1: _OLD})
        with pytest.raises(WrongKeys, match="key 1 is not there"):
            check_keys(session, {2: _NEW})


@dataclass
class Started:
    """A process of its own on a database that may be away; `keys` are those in its hand."""

    world: World
    keys: dict[int, bytes]
    away: bool = True

    def __post_init__(self) -> None:
        engine = make_engine(self.world.database.urls.app, pool_size=1)
        event.listen(engine, "connect", self._refuse)
        self.sessions = make_sessions(engine)
        self.cipher = FieldCipher(self.keys, 1, b"l" * 32)

    def _refuse(self, *_words: object) -> None:
        if self.away:
            raise psycopg.OperationalError("the database is away")

    def work(self) -> int:
        with transaction(self.sessions) as session:
            return int(session.scalar(text("SELECT 7")))

    def look(self) -> int:
        with one_look(self.sessions) as session:
            return int(session.scalar(text("SELECT 7")))


def test_with_the_database_away_at_the_start_wrong_keys_are_told_by_the_first_work(world: World) -> None:
    """It starts, and does nothing: no transaction and no look begins, however often it is tried."""
    process = Started(world, {1: _OLD})
    check_at_start(process)
    with pytest.raises(OperationalError):
        process.work()
    process.away = False
    for attempt in (process.work, process.look, process.work):
        with pytest.raises(WrongKeys, match="key 1 is another one"):
            attempt()


def test_with_the_database_away_at_the_start_right_keys_are_checked_once(world: World) -> None:
    process = Started(world, dict(world.cipher.keys))
    check_at_start(process)
    process.away = False
    assert [process.work(), process.look()] == [7, 7]
    process.cipher.keys.clear()  # looked at no more
    assert process.work() == 7


def test_the_bank_link_takes_nothing_with_another_database_s_keys(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Started(world, {1: _OLD}, away=False)
    monkeypatch.setattr(bank_link, "build", lambda _settings: process)
    monkeypatch.setattr(bank_link, "load_settings", lambda: world.product.settings)
    monkeypatch.setattr(bank_link, "configure", lambda *_words: None)
    monkeypatch.setattr(bank_link, "give_way", lambda: None)
    with pytest.raises(WrongKeys, match="key 1 is another one"):
        bank_link.main()


def test_erased_sessions_have_nothing_to_rotate(world: World) -> None:
    """Their key is empty: it is under none."""
    member = world.member()
    world.approved(member)
    owner = make_sessions(make_engine(world.database.urls.owner, pool_size=1))
    with transaction(owner) as session:
        session.execute(text("UPDATE face_session SET challenge_key_sealed = ''"))
        assert "face_session" not in {left.table for left in left_over(session, 2)}
