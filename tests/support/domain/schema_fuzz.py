"""Requests drawn from the OpenAPI document 接口模糊测试, judged by every check schemathesis has; through WSGI, signed in."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import schemathesis
from schemathesis import engine
from schemathesis.config import (
    ChecksConfig,
    CoveragePhaseConfig,
    ExamplesPhaseConfig,
    FuzzingPhaseConfig,
    GenerationConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
    StatefulPhaseConfig,
)
from schemathesis.engine.events import NonFatalError, ScenarioFinished
from schemathesis.transport.wsgi import WSGITransport
from sqlalchemy import text

from services.core.db import transaction
from tests.support.domain.world import Member, World
from wechat.mini_program import MiniProgram
from wechat.oauth import CodeRefused

MAY_SAY = ["2xx", "3xx", "401", "403", "404", "409", "415", "422", "429"]
"""To a request that the document allows: done, or no for a reason of the member's own state. Never 400 or 5xx."""
MUST_SAY = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "429"]
"""To a request that it does not allow: no, also for its size alone, which is looked at before its words."""
_ENDS = {"/api/v1/auth/logout", "/api/v1/session/binding", "/api/v1/auth/refresh"}


@dataclass
class Found:
    """What a run did and what it found."""

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)
    failures: dict[str, str] = field(default_factory=dict)


@dataclass
class Caller:
    """A member whose session lives again after each request that may end it."""

    world: World
    member: Member | None = None
    asked: str = ""

    def token(self, path: str) -> str:
        """An access token that serves; limits are not what is tested here."""
        with transaction(self.world.sessions) as session:
            session.execute(text("DELETE FROM rate_bucket"))
        if self.member is None or self.asked in _ENDS:
            self.member = self.world.member()
        self.asked = path
        return str(self.member.tokens["access_token"])


def _config(examples: int, *, seed: int | None, phases: frozenset[str]) -> SchemathesisConfig:
    generation = GenerationConfig(
        max_examples=examples, deterministic=seed is None, database="none", allow_x00=False
    )
    project = ProjectConfig(
        generation=generation,
        continue_on_failure=True,
        workers=1,
        checks=ChecksConfig.from_dict(
            {
                "positive_data_acceptance": {"expected-statuses": MAY_SAY},
                "negative_data_rejection": {"expected-statuses": MUST_SAY},
            }
        ),
        phases=PhasesConfig(
            examples=ExamplesPhaseConfig(enabled="examples" in phases),
            coverage=CoveragePhaseConfig(enabled="coverage" in phases),
            fuzzing=FuzzingPhaseConfig(enabled="fuzzing" in phases),
            stateful=StatefulPhaseConfig(enabled="stateful" in phases),
        ),
    )
    return SchemathesisConfig(seed=seed, projects=ProjectsConfig(default=project))


_SEND = WSGITransport.send
_SOCKETS = ("max_redirects", "verify", "cert", "proxies")


def _send(transport: Any, case: Any, **kwargs: Any) -> Any:
    """Probes without credentials carry settings of sockets (schemathesis 4.32), which WSGI has not."""
    return _SEND(transport, case, **{name: value for name, value in kwargs.items() if name not in _SOCKETS})


@contextmanager
def _nobody_outside() -> Iterator[None]:
    """A request may wait for news for 20 s, and WeChat is asked what a code stands for; here nobody would answer."""
    with (
        patch.object(MiniProgram, "login", side_effect=CodeRefused),
        patch("app.member_api.applications.sleep"),
        patch("app.member_api.applications.monotonic", itertools.count(step=60).__next__),
    ):
        yield


def _whole(value: Any) -> Any:
    """JSON Schema takes 1.0 for an integer; the API does not: amounts are written as integers (ADR 0003)."""
    if isinstance(value, dict):
        return {name: _whole(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


ALL_PHASES = frozenset({"examples", "coverage", "fuzzing", "stateful"})


def fuzz(
    world: World,
    examples: int,
    *,
    seed: int | None = None,
    phases: frozenset[str] = ALL_PHASES,
    only: str | None = None,
) -> Found:
    """Ask every operation of the API, or `only` one path; `seed` None draws the same requests each time."""
    schema = schemathesis.openapi.from_wsgi(
        "/openapi.json", world.app, config=_config(examples, seed=seed, phases=phases)
    )
    schema = schema if only is None else schema.include(path=only)
    _sign_in(schema, Caller(world))
    schema.hook("map_body")(lambda context, body: _whole(body))
    found = Found()
    with patch.object(WSGITransport, "send", _send), _nobody_outside():
        for event in engine.from_schema(schema).execute():
            if isinstance(event, ScenarioFinished):
                _count(found, event)
            elif isinstance(event, NonFatalError):
                found.failures[f"error {event.label}"] = event.info.format()
    return found


def _sign_in(schema: Any, caller: Caller) -> None:
    class SignedIn:
        def get(self, case: Any, context: Any) -> str:
            return caller.token(case.operation.path)

        def set(self, case: Any, data: str, context: Any) -> None:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}

    schema.auth(refresh_interval=None)(SignedIn)


def _count(found: Found, event: ScenarioFinished) -> None:
    recorder = event.recorder
    found.requests += len(recorder.interactions)
    found.statuses.update(
        each.response.status_code for each in recorder.interactions.values() if each.response
    )
    if event.label:
        found.operations.add(event.label)
    for name, case in _failed(recorder):
        if _meant(recorder, case, name.name):
            continue
        label = recorder.cases[case].value.operation.label
        failure = name.failure_info
        answer = recorder.interactions[case].response
        found.failures.setdefault(
            f"{label} {name.name} {failure.failure.title}",
            f"{failure.failure.message}\n{failure.code_sample}\n{_said(answer)}",
        )


MEANT = {
    ("GET /api/v1/auth/wechat/callback", "positive_data_acceptance"): "auth.state",
    ("POST /api/v1/auth/mini/login", "positive_data_acceptance"): "auth.code",
}
"""Refused with 400 though the form is right: a state that is not ours, a code that WeChat does not know."""


def _meant(recorder: Any, case: str, check: str) -> bool:
    answer = recorder.interactions[case].response
    code = MEANT.get((recorder.cases[case].value.operation.label, check))
    return code is not None and answer is not None and f'"{code}' in answer.content.decode(errors="replace")


def _said(answer: Any) -> str:
    return "" if answer is None else f"{answer.status_code} {answer.content[:300].decode(errors='replace')}"


def _failed(recorder: Any) -> Iterator[tuple[Any, str]]:
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                yield check, case_id
