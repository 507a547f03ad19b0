"""Explorer 穷举: every state that can be reached, breadth first, and the shortest way to whatever is wrong."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from services.core.states import IllegalTransition, StateTable

S = TypeVar("S", bound=Hashable)
Steps = Callable[[S], Iterable[tuple[str, S]]]


class Edges:
    """A product table that remembers which of its edges were taken."""

    def __init__(self, table: StateTable) -> None:
        self.table = table
        self.taken: set[tuple[str, str]] = set()

    def move(self, source: str, event: str) -> str:
        """The state an edge leads to; raises IllegalTransition where the product's table has none."""
        target = self.table.target(source, event)
        self.taken.add((source, event))
        return target

    @property
    def untaken(self) -> set[tuple[str, str]]:
        """Edges of the table that nothing has led along."""
        return {(edge.source, edge.event) for edge in self.table.edges} - self.taken


@dataclass
class Explored(Generic[S]):
    """All states, how each was reached first, and what is wrong with some of them."""

    parents: dict[S, tuple[S, str] | None] = field(default_factory=dict)
    backward: dict[S, list[S]] = field(default_factory=dict)
    wrong: str | None = None
    trace: tuple[str, ...] = ()

    def trace_to(self, state: S) -> tuple[str, ...]:
        """The shortest list of steps that leads to a state."""
        steps: list[str] = []
        while (parent := self.parents[state]) is not None:
            state, label = parent
            steps.append(label)
        return tuple(reversed(steps))

    def __str__(self) -> str:
        steps = "\n".join(f"  {number}. {step}" for number, step in enumerate(self.trace, start=1))
        return f"{self.wrong or 'nothing wrong'} ({len(self.parents)} states)\n{steps}"


def explore(
    start: S,
    steps: Steps[S],
    wrong: Callable[[S], str | None],
    ended: Callable[[S], bool],
    *,
    most: int = 500_000,
) -> Explored[S]:
    """Visit every state; stops at the first wrong one, else looks for one from which no end can be reached."""
    found: Explored[S] = Explored({start: None})
    waiting = deque([start])
    while waiting:
        state = waiting.popleft()
        found.wrong = wrong(state)
        if found.wrong is not None:
            found.trace = found.trace_to(state)
            return found
        for label, target in _steps(state, steps, found):
            found.backward.setdefault(target, []).append(state)
            if target not in found.parents:
                found.parents[target] = (state, label)
                waiting.append(target)
        if found.wrong is not None:
            return found
        assert len(found.parents) <= most, "the model is not bounded"
    return _stuck(found, ended)


def _steps(state: S, steps: Steps[S], found: Explored[S]) -> Iterator[tuple[str, S]]:
    try:
        yield from steps(state)
    except IllegalTransition:
        found.wrong = "a move that the table does not have"
        found.trace = found.trace_to(state)


def _stuck(found: Explored[S], ended: Callable[[S], bool]) -> Explored[S]:
    """Walk back from the ends; a state that is not met is stuck."""
    waiting = deque(state for state in found.parents if ended(state))
    alive = set(waiting)
    while waiting:
        for before in found.backward.get(waiting.popleft(), ()):
            if before not in alive:
                alive.add(before)
                waiting.append(before)
    for state in found.parents:  # in the order of discovery: the first is the nearest
        if state not in alive:
            found.wrong, found.trace = "stuck: no way leads to an end", found.trace_to(state)
            break
    return found
