"""The actor's HTTP face: whole sessions, single clips, refusals."""

import base64
import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from sandbox.actor.attacks import ATTACKS
from sandbox.actor.web import blueprint
from tests.face.conftest import prompts_of


@pytest.fixture
def actor() -> FlaskClient:
    app = Flask("actor")
    app.register_blueprint(blueprint)
    return app.test_client()


def _body(**more: object) -> dict[str, object]:
    return {"portrait": "obama", "challenge": {"prompts": prompts_of(["nod"])}, "fps": 4, "seed": 1, **more}


def test_a_session_has_frames_for_every_prompt(actor: FlaskClient) -> None:
    frames = actor.post("/actor/frames", json=_body()).get_json()["frames"]
    assert [frame["seq"] for frame in frames] == list(range(len(frames)))
    assert {frame["prompt"] for frame in frames} == {0, 1, 2}
    times = [frame["at_ms"] for frame in frames]
    assert times == sorted(set(times))
    picture = Image.open(io.BytesIO(base64.b64decode(frames[0]["jpeg"])))
    assert (picture.format, picture.size) == ("JPEG", (480, 360))


def test_the_same_seed_gives_the_same_session(actor: FlaskClient) -> None:
    first, second = (actor.post("/actor/frames", json=_body()).get_json() for _ in range(2))
    assert first == second
    assert actor.post("/actor/frames", json=_body(seed=2)).get_json() != first


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_can_be_played_from_the_first_prompt_on(actor: FlaskClient, attack: str) -> None:
    """Prompts are revealed one at a time: at first there is no action yet, and never a last one."""
    first = {"index": 0, "kind": "neutral", "start_ms": 0, "hold_ms": 600}
    asked = [first, {"index": 1, "kind": "blink", "start_ms": 600, "hold_ms": 600}]
    for prompts in ([first], asked):
        answer = actor.post("/actor/frames", json=_body(attack=attack, challenge={"prompts": prompts}))
        assert {frame["prompt"] for frame in answer.get_json()["frames"]} == set(range(len(prompts)))


def test_what_was_shown_stays_when_more_is_asked(actor: FlaskClient) -> None:
    """The same seed: a client that asks again for each new prompt gets one session, not several."""
    prompts = prompts_of(["open_mouth"])
    before = actor.post("/actor/frames", json=_body(challenge={"prompts": prompts[:2]})).get_json()["frames"]
    after = actor.post("/actor/frames", json=_body(challenge={"prompts": prompts})).get_json()["frames"]
    assert before == after[: len(before)]


def test_a_clip_starts_and_ends_at_rest_and_is_never_the_same(actor: FlaskClient) -> None:
    first, second = (actor.get("/actor/clip?portrait=biden&kind=blink").get_json() for _ in range(2))
    assert len(first) >= 6
    assert not set(first) & set(second)
    assert len(actor.get("/actor/clip?portrait=biden&kind=neutral").get_json()) == 16


@pytest.mark.parametrize(
    "wrong",
    [
        {"portrait": "nobody"},
        {"portrait": "../obama"},
        {"attack": "bribe"},
        {"challenge": {"prompts": []}},
        {"challenge": {"prompts": [{"index": 0, "kind": "wink", "start_ms": 0, "hold_ms": 9}]}},
        {"challenge": {"prompts": [{"index": 1, "kind": "nod", "start_ms": 0, "hold_ms": 9}]}},
        {"challenge": {"prompts": [{"index": 0, "kind": "nod", "start_ms": 0, "hold_ms": 10**9}]}},
        {"challenge": None},
        {"fps": 100},
    ],
)
def test_what_cannot_be_acted(actor: FlaskClient, wrong: dict[str, object]) -> None:
    assert actor.post("/actor/frames", json=_body(**wrong)).status_code == 400


def test_no_such_clip(actor: FlaskClient) -> None:
    assert actor.get("/actor/clip?portrait=biden&kind=wink").status_code == 400
    assert actor.get("/actor/clip?kind=blink").status_code == 400
