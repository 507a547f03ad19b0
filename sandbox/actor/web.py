"""HTTP face of the demo actor 演员接口: POST /actor/frames and GET /actor/clip."""

import base64
import secrets
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.actor.attacks import ATTACKS
from sandbox.actor.portrait import portrait_names
from sandbox.actor.render import SCREEN_LIGHT
from sandbox.actor.score import MOVES, PromptSpec
from sandbox.actor.session import clip_for, frames_for

KINDS = ("neutral", *MOVES)
MOST_MS = 120_000
MOST_PROMPTS = 12
blueprint = Blueprint("actor", __name__)


class BadRequest(Exception):
    """The request cannot be acted."""


@blueprint.errorhandler(BadRequest)
def refuse(problem: BadRequest) -> tuple[Response, int]:
    """What was wrong, in words."""
    return jsonify({"error": str(problem)}), 400


@blueprint.post("/actor/frames")
def frames() -> Response:
    """Frames and timestamps of a whole session."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("challenge"), dict):
        raise BadRequest(
            "body must be {portrait, challenge: {prompts: [...]}, attack?, fps?, seed?, since_ms?}"
        )
    attack = body.get("attack")
    if attack is not None and attack not in ATTACKS:
        raise BadRequest(f"attack must be one of {', '.join(ATTACKS)}")
    made = frames_for(
        _portrait(body.get("portrait")),
        _prompts(body["challenge"].get("prompts")),
        attack,
        fps=_whole(body.get("fps", 8), 4, 15, "fps"),
        seed=_whole(body.get("seed", secrets.randbelow(2**31)), 0, 2**31, "seed"),
        since_ms=_whole(body.get("since_ms", 0), 0, MOST_MS, "since_ms"),
    )
    return jsonify({"frames": [{**frame, "jpeg": _text(frame["jpeg"])} for frame in made]})


@blueprint.get("/actor/clip")
def clip() -> Response:
    """One action from rest to rest at 8 frames a second, as a JSON list of base64 JPEG pictures."""
    kind = request.args.get("kind", "neutral")
    if kind not in KINDS:
        raise BadRequest(f"kind must be one of {', '.join(KINDS)}")
    # A living face is never the same twice: each call has its own unrest and noise.
    made = clip_for(_portrait(request.args.get("portrait")), kind, seed=secrets.randbelow(2**31))
    return jsonify([_text(jpeg) for jpeg in made])


@blueprint.get("/actor/portraits")
def portraits() -> Response:
    """Names of the portraits that can act."""
    return jsonify(portrait_names())


def _portrait(name: Any) -> str:
    if not isinstance(name, str) or name not in portrait_names():
        raise BadRequest(f"portrait must be one of {', '.join(portrait_names())}")
    return name


def _prompts(value: Any) -> list[PromptSpec]:
    if not isinstance(value, list) or not 0 < len(value) <= MOST_PROMPTS:
        raise BadRequest(f"challenge.prompts must hold 1 to {MOST_PROMPTS} prompts")
    prompts = [_prompt(item) for item in value]
    prompts.sort(key=lambda prompt: prompt["index"])
    starts = [prompt["start_ms"] for prompt in prompts]
    if [prompt["index"] for prompt in prompts] != list(range(len(prompts))) or starts != sorted(set(starts)):
        raise BadRequest("prompts must be numbered from 0 and start one after the other")
    if starts[-1] + prompts[-1]["hold_ms"] > MOST_MS:
        raise BadRequest("the challenge is too long")
    return prompts


def _prompt(item: Any) -> PromptSpec:
    if not isinstance(item, dict) or item.get("kind") not in KINDS:
        raise BadRequest(f"a prompt has index, start_ms, hold_ms and a kind of {', '.join(KINDS)}")
    return {
        "index": _whole(item.get("index"), 0, MOST_PROMPTS, "index"),
        "kind": item["kind"],
        "start_ms": _whole(item.get("start_ms"), 0, MOST_MS, "start_ms"),
        "hold_ms": _whole(item.get("hold_ms"), 1, MOST_MS, "hold_ms"),
        "colours": _colours(item.get("colours", [])),
    }


def _colours(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > MOST_PROMPTS or not all(c in SCREEN_LIGHT for c in value):
        raise BadRequest(f"colours are a short list of {', '.join(filter(None, SCREEN_LIGHT))}")
    return value


def _whole(value: Any, least: int, most: int, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadRequest(f"{name} must be a whole number from {least} to {most}")
    return value


def _text(jpeg: bytes) -> str:
    return base64.b64encode(jpeg).decode("ascii")
