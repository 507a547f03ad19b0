"""States 状态: edge tables, and the one function that moves a row along an edge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.core.errors import Conflict


class IllegalTransition(Conflict):
    """No edge leads from this state by this event."""

    code = "application.state_changed"
    detail = "这笔业务的状态已经变了，请刷新后再看。"


@dataclass(frozen=True, slots=True)
class Edge:
    """One allowed change of state: from, event, to, and who may cause it."""

    source: str
    event: str
    target: str
    actor: str


class StateTable:
    """A closed set of edges; everything else is illegal."""

    def __init__(self, name: str, initial: str, labels: Mapping[str, str], edges: Iterable[Edge]) -> None:
        self.name = name
        self.initial = initial
        self.labels = dict(labels)
        self.edges = tuple(edges)
        self._targets = {(edge.source, edge.event): edge.target for edge in self.edges}
        self._check()

    def _check(self) -> None:
        named = {edge.source for edge in self.edges} | {edge.target for edge in self.edges} | {self.initial}
        if not named <= set(self.labels):
            raise ValueError(f"{self.name}: states without a label: {named - set(self.labels)}")
        if len(self._targets) != len(self.edges):
            raise ValueError(f"{self.name}: two edges for one state and event")

    def target(self, source: str, event: str) -> str:
        """State reached from `source` by `event`; raises IllegalTransition when there is no such edge."""
        try:
            return self._targets[source, event]
        except KeyError:
            raise IllegalTransition from None

    @property
    def terminal(self) -> frozenset[str]:
        """States no edge leaves."""
        return frozenset(self.labels) - {edge.source for edge in self.edges}

    def diagram(self) -> str:
        """Mermaid text of the table, for docs/states."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.initial}"]
        lines += [f"    {edge.source} --> {edge.target}: {edge.event}（{edge.actor}）" for edge in self.edges]
        return "\n".join([*lines, *(f"    {state} --> [*]" for state in sorted(self.terminal))])
