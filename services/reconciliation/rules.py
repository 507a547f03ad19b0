"""Three-way comparison 三方比对, pure: the bank's lines against the movements taken in and what they booked.

A movement is known by its key (`services.settlement.movements`); the same movement told in other words, on another day
or of another amount is found by our number, the bank's number and the direction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

_WITHOUT_BOOKING = {
    "unmatched": "bank_only",
    "received": "bank_only",
    "amount_differs": "amount_differs",
    "payee_differs": "payee_differs",
    "unbooked": "unbooked",
}
"""Kind of what was taken in and booked nothing, by how it was classified."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the statement; `fen` is negative when money left."""

    day: date
    key: bytes
    host_seq_no: str
    instruction_no: str | None
    fen: int


@dataclass(frozen=True, slots=True)
class Movement:
    """A movement we took in, by notice or from a statement, and what stands on 101 for it."""

    day: date
    key: bytes
    host_seq_no: str
    instruction_no: str | None
    fen: int
    outcome: str
    booked_fen: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not agree: what the bank says and what the books say, signed as on 101."""

    kind: str
    ref: str
    bank_fen: int
    book_fen: int
    instruction_no: str | None
    key: bytes | None = None
    other_key: bytes | None = None


def compare(
    day: date,
    lines: Sequence[Line],
    movements: Iterable[Movement],
    other_lines: Iterable[Line],
    late: Collection[bytes] = (),
) -> list[Finding]:
    """What does not agree on a day.

    `movements` are all those of the day, of the lines, and of the numbers they bear; `other_lines` those of other days
    that bear the same numbers. `late` are keys of movements that count as the day's though they are of one before.
    """
    return _Comparison(day, lines, movements, other_lines, late).findings()


class _Comparison:
    def __init__(
        self,
        day: date,
        lines: Sequence[Line],
        movements: Iterable[Movement],
        other_lines: Iterable[Line],
        late: Collection[bytes],
    ) -> None:
        self._known = {movement.key: movement for movement in movements}
        self._elsewhere = list(other_lines)
        self._first: dict[bytes, Line] = {}
        self._repeats: list[Finding] = []
        for line in lines:
            self._sort_in(line)
        told = [m for m in self._known.values() if m.day == day or m.key in late]
        self._gone = [m for m in told if m.key not in self._first]

    def _sort_in(self, line: Line) -> None:
        if line.key not in self._first:
            self._first[line.key] = line
            return
        number = sum(finding.key == line.key for finding in self._repeats) + 2
        ref = f"{line.key.hex()}:{number}"
        self._repeats.append(Finding("duplicate_line", ref, line.fen, 0, line.instruction_no, line.key))

    def findings(self) -> list[Finding]:
        """Everything, each line and each movement of the day judged once."""
        found, settled = self._pairs()
        for line in self._first.values():
            if line.key not in settled and (one := self._judge(line)) is not None:
                found.append(one)
        for movement in self._gone:
            if movement.key not in settled and (one := self._missing(movement)) is not None:
                found.append(one)
        return [*found, *self._repeats]

    def _pairs(self) -> tuple[list[Finding], set[bytes]]:
        """Movements told in other words or with another amount than their line; what is booked chooses first.

        Where nothing is booked for either, the line is judged on its own merits and stands for both.
        """
        found: list[Finding] = []
        settled: set[bytes] = set()
        free = {line.key: line for line in self._first.values() if self._is_open(line)}
        for movement in sorted(self._gone, key=lambda one: not one.booked_fen):
            who = _identity(movement)
            same = [line for line in free.values() if _identity(line) == who]
            if not same or who is None:
                continue
            line = next((one for one in same if one.fen == movement.fen), same[0])
            del free[line.key]
            settled.add(movement.key)
            if movement.booked_fen or line.fen != movement.fen:
                settled.add(line.key)
            if line.fen != movement.fen:
                found.append(_finding("amount_differs", line, movement.booked_fen, movement.key))
            elif movement.booked_fen not in (0, line.fen):
                found.append(_finding("books_differ", line, movement.booked_fen, movement.key))
            elif movement.booked_fen and movement.outcome == "break":
                found.append(_finding("transfer_open", line, line.fen, movement.key))
        return found, settled

    def _is_open(self, line: Line) -> bool:
        """Whether nothing is booked for this very line."""
        movement = self._known.get(line.key)
        return movement is None or movement.booked_fen == 0

    def _judge(self, line: Line) -> Finding | None:
        movement = self._known.get(line.key)
        if movement is None:
            return _finding("bank_only", line, 0)
        if line.instruction_no and line.instruction_no != movement.instruction_no:
            return _finding("reference_differs", line, movement.booked_fen)
        if movement.outcome == "confirmed":
            return self._told_again(line)
        if movement.booked_fen == line.fen:
            return _finding("transfer_open", line, line.fen) if movement.outcome == "break" else None
        if movement.booked_fen:
            return _finding("books_differ", line, movement.booked_fen)
        if movement.outcome in ("break", "corrected"):
            return self._told_again(line, _left_to_people(line))
        return _finding(_WITHOUT_BOOKING.get(movement.outcome, "books_differ"), line, 0)

    def _told_again(self, line: Line, otherwise: str = "status_differs") -> Finding | None:
        """A line that repeats a booked movement, on the statement twice or on another day; else it is its own kind."""
        twin = next(
            (m for m in self._known.values() if m.key != line.key and m.booked_fen and _same(m, line)), None
        )
        if twin is None:
            return _finding(otherwise, line, 0)
        has_line = twin.key in self._first or any(one.key == twin.key for one in self._elsewhere)
        return _finding("duplicate_line" if has_line else "shifted_day", line, 0)

    def _missing(self, movement: Movement) -> Finding | None:
        """A movement the bank told of and its statement does not have."""
        if movement.outcome == "confirmed" and not movement.booked_fen:
            return None
        shifted = any(_same(movement, line) for line in self._elsewhere)
        kind, ref = "shifted_day" if shifted else "ours_only", movement.key.hex()
        return Finding(kind, ref, 0, movement.booked_fen, movement.instruction_no, movement.key)


def _identity(one: Line | Movement) -> tuple[str, str, bool] | None:
    """By which a movement is recognised under another key; none without a number of ours."""
    return (one.instruction_no, one.host_seq_no, one.fen > 0) if one.instruction_no else None


def _same(movement: Movement, line: Line) -> bool:
    return _identity(movement) is not None and (_identity(movement), movement.fen) == (
        _identity(line),
        line.fen,
    )


def _left_to_people(line: Line) -> str:
    """What a line is that nothing was booked for; money without a number of ours is then an employer's, told before."""
    if line.fen < 0:
        return "status_differs"
    return "late_return" if line.instruction_no else "duplicate_line"


def _finding(kind: str, line: Line, book_fen: int, other_key: bytes | None = None) -> Finding:
    return Finding(kind, line.key.hex(), line.fen, book_fen, line.instruction_no, line.key, other_key)


@dataclass(frozen=True, slots=True)
class Totals:
    """Control totals 控制总额 of a statement; `missing_fen` is what its balances say and its lines do not."""

    debit_fen: int
    credit_fen: int
    opening_fen: int
    closing_fen: int

    @property
    def missing_fen(self) -> int:
        """Zero when every line is there, once, with its amount."""
        return self.closing_fen - (self.opening_fen + self.credit_fen - self.debit_fen)


def totals(movements: Sequence[int], opening_fen: int | None, closing_fen: int | None) -> Totals:
    """Add a day up. What nobody tells, opening or closing, is taken from the other and the lines."""
    debit_fen = -sum(fen for fen in movements if fen < 0)
    credit_fen = sum(fen for fen in movements if fen > 0)
    moved = credit_fen - debit_fen
    if opening_fen is None:
        opening_fen = (closing_fen or 0) - moved
    return Totals(
        debit_fen, credit_fen, opening_fen, opening_fen + moved if closing_fen is None else closing_fen
    )
