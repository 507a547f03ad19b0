"""The attack kit 攻击样本: every way to cheat that the actor knows, each against the challenge it is given.

Each kind answers the prompts as well as its means allow: a photo is tilted to the side that is asked for, eyes behind
holes really blink. What a kind shows up to a prompt does not depend on prompts that come later, so that it can be
played while they are revealed; a swap after the last action is the exception.
"""

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from sandbox.actor.paper import Hold, photo_of
from sandbox.actor.portrait import Portrait, load_portrait, portrait_names
from sandbox.actor.render import jpeg_of
from sandbox.actor.score import MOVES, Move, PromptSpec, end_of, idle, moves_for, stance_at

EARLY_MS = 500.0
_PARTS = {"still_panned": 0.0, "still_zoomed": 0.0, "still_tilted": 38.0, "still_bent": 15.0, "still": 30.0}


@dataclass(frozen=True, slots=True)
class Scene:
    """Who stands before the camera, what is asked, when pictures are taken."""

    portrait: str
    prompts: Sequence[PromptSpec]
    times: Sequence[int]
    seed: int

    def chance(self, purpose: int) -> np.random.Generator:
        """Random numbers for one purpose, the same however much of the session is played."""
        return np.random.default_rng([self.seed, purpose])


_MOVES, _IDLE, _NOISE, _WANDER, _OTHER, _ENCODE = range(1, 7)
Span = tuple[float, float]


def pictures_of(attack: str | None, scene: Scene) -> list[bytes]:
    """The pictures of a session."""
    return ATTACKS[attack](scene) if attack else _performed(scene, scene.prompts)


def other_than(portrait: str) -> str:
    """Some other portrait."""
    return next(name for name in portrait_names() if name != portrait)


def _performed(
    scene: Scene, played: Sequence[PromptSpec], lead_ms: float = 0.0, others: Sequence[Span] = ()
) -> list[bytes]:
    """A moving head; inside the spans it is somebody else's."""
    moves = moves_for(played, scene.chance(_MOVES), lead_ms)
    rest, rng = idle(scene.chance(_IDLE)), scene.chance(_NOISE)
    first, second = load_portrait(scene.portrait), load_portrait(other_than(scene.portrait))
    return [
        jpeg_of(second if _within(at_ms, others) else first, stance_at(at_ms, moves, rest), rng)
        for at_ms in scene.times
    ]


def _within(at_ms: float, spans: Sequence[Span]) -> bool:
    return any(start <= at_ms < end for start, end in spans)


def _other_person(scene: Scene) -> list[bytes]:
    return _performed(replace(scene, portrait=other_than(scene.portrait)), scene.prompts)


def _early(scene: Scene) -> list[bytes]:
    return _performed(scene, scene.prompts, lead_ms=EARLY_MS)


def _wrong_order(scene: Scene) -> list[bytes]:
    """The same actions, each under the next one's prompt."""
    acting = _acting(scene.prompts)
    following = {
        one["index"]: other["kind"] for one, other in zip(acting, acting[1:] + acting[:1], strict=True)
    }
    return _performed(scene, _with_kinds(scene.prompts, following))


def _other_challenge(scene: Scene) -> list[bytes]:
    """The answer to a challenge that was never given: another action under every prompt."""
    return _performed(scene, _another(scene))


def _another(scene: Scene) -> list[PromptSpec]:
    order = list(scene.chance(_OTHER).permutation(list(MOVES)))
    kinds = {}
    for place, prompt in enumerate(_acting(scene.prompts)):
        kind = order[place % len(order)]
        kinds[prompt["index"]] = str(kind if kind != prompt["kind"] else order[(place + 3) % len(order)])
    return _with_kinds(scene.prompts, kinds)


def _re_encoded(scene: Scene) -> list[bytes]:
    """An earlier genuine session, cropped, brought to another size and compressed again."""
    rng = scene.chance(_ENCODE)
    edges = rng.uniform(0.005, 0.015, 4)
    size = [(480, 360), (400, 300), (640, 480)][int(rng.integers(3))]
    quality = int(rng.integers(45, 76))
    return [_encoded_again(jpeg, edges, size, quality) for jpeg in _other_challenge(scene)]


def _encoded_again(jpeg: bytes, edges: np.ndarray, size: tuple[int, int], quality: int) -> bytes:
    picture = Image.open(io.BytesIO(jpeg))
    left, top, right, bottom = edges
    box = (
        left * picture.width,
        top * picture.height,
        (1 - right) * picture.width,
        (1 - bottom) * picture.height,
    )
    out = io.BytesIO()
    picture.resize(size, Image.Resampling.BILINEAR, box=box).save(out, "JPEG", quality=quality)
    return out.getvalue()


def _frozen(scene: Scene) -> list[bytes]:
    """The camera hangs in the middle third."""
    pictures = _performed(scene, scene.prompts)
    start, end = len(pictures) // 3, 2 * len(pictures) // 3
    return [pictures[start] if start <= place < end else jpeg for place, jpeg in enumerate(pictures)]


def _swapped(span: Callable[[Sequence[PromptSpec]], Span]) -> Callable[[Scene], list[bytes]]:
    return lambda scene: _performed(scene, scene.prompts, others=[span(scene.prompts)])


def _from_last_action(prompts: Sequence[PromptSpec]) -> Span:
    acting = _acting(prompts)
    return (acting[-1]["start_ms"] if acting else math.inf), math.inf


def _after_action(number: int) -> Callable[[Sequence[PromptSpec]], Span]:
    """From the middle of the rest behind that action on."""

    def span(prompts: Sequence[PromptSpec]) -> Span:
        rest = _rest_after(prompts, number)
        return (sum(rest) / 2 if rest else math.inf), math.inf

    return span


def _while_resting(prompts: Sequence[PromptSpec]) -> Span:
    """Only while nothing is asked between the first two actions."""
    return _rest_after(prompts, 1) or (math.inf, math.inf)


def _at_the_end(prompts: Sequence[PromptSpec]) -> Span:
    """After the last action, in the closing rest."""
    rest = _rest_after(prompts, 3)
    return (0.6 * rest[0] + 0.4 * rest[1] if rest else math.inf), math.inf


def _stand_in(scene: Scene) -> list[bytes]:
    """Somebody else moves for the member, who is shown only at rest."""
    places = [place for place, prompt in enumerate(scene.prompts) if prompt["kind"] in MOVES]
    spans = [(scene.prompts[place]["start_ms"], end_of(scene.prompts, place)) for place in places]
    return _performed(scene, scene.prompts, others=spans)


def _photo(kind: str) -> Callable[[Scene], list[bytes]]:
    """A print in a hand that follows the prompts as far as paper can."""

    def pictures(scene: Scene) -> list[bytes]:
        moves = moves_for(scene.prompts, scene.chance(_MOVES))
        phases, rng = scene.chance(_WANDER).uniform(0, 2 * math.pi, 8), scene.chance(_NOISE)
        person = load_portrait(scene.portrait)
        holds = [(at_ms, _wandering(kind, at_ms / 1000, phases)) for at_ms in scene.times]
        return [photo_of(person, _followed(hold, moves, at_ms, _PARTS[kind]), rng) for at_ms, hold in holds]

    return pictures


def _wandering(kind: str, t: float, phases: np.ndarray) -> Hold:
    """What the hand does by itself; each kind has its own large movement."""
    wave = [
        math.sin(rate * t + phase)
        for rate, phase in zip((0.9, 1.3, 0.7, 0.8, 1.1, 0.6, 0.5, 1.7), phases, strict=True)
    ]
    pan = 3.0 if kind == "still_panned" else 1.0
    zoom = 0.22 if kind == "still_zoomed" else 0.04
    tilt = 14.0 if kind == "still_tilted" else 3.0
    bend = 1.3 if kind in ("still_bent", "still") else 0.0
    return Hold(
        yaw=tilt * wave[4],
        pitch=0.7 * tilt * wave[5],
        roll=4 * wave[3],
        bend=bend * max(0.0, wave[6]),
        curl=0.6 * bend * max(0.0, wave[7]),
        shift_x=14 * pan * wave[0],
        shift_y=9 * pan * wave[1],
        zoom=1.06 + zoom * wave[2],
    )


def _followed(hold: Hold, moves: Sequence[Move], at_ms: float, most: float) -> Hold:
    """The paper tilted (and bent, where the kind bends) as the prompt asks a head to turn."""
    for move in moves:
        level = move.level(at_ms)
        bend = 1.5 * level if hold.bend > 0 or most == _PARTS["still_bent"] else 0.0
        if move.kind in ("turn_left", "turn_right"):
            side = 1 if move.kind == "turn_left" else -1
            hold = replace(hold, yaw=hold.yaw + side * most * level, bend=max(hold.bend, bend))
        elif move.kind == "nod":
            hold = replace(hold, pitch=hold.pitch + most * level, curl=max(hold.curl, bend))
        elif move.kind == "open_mouth":
            hold = replace(hold, pitch=hold.pitch - most * level, curl=max(hold.curl, bend))
    return hold


def _cut_out_eyes(scene: Scene) -> list[bytes]:
    """A print with holes for living eyes: they blink when asked and of themselves; the rest is paper."""
    moves = moves_for(scene.prompts, scene.chance(_MOVES))
    phases, rng = scene.chance(_WANDER).uniform(0, 2 * math.pi, 8), scene.chance(_NOISE)
    person = load_portrait(scene.portrait)
    return [_through_holes(person, moves, at_ms, phases, rng) for at_ms in scene.times]


def _through_holes(
    person: Portrait, moves: Sequence[Move], at_ms: int, phases: np.ndarray, rng: np.random.Generator
) -> bytes:
    asked = max((move.level(at_ms) for move in moves if move.kind == "blink"), default=0.0)
    by_nature = 1.0 if (at_ms + 1000 * phases[0]) % 3700 < 230 else 0.0
    hold = _followed(_wandering("still", at_ms / 1000, phases), moves, at_ms, _PARTS["still_tilted"])
    return photo_of(person, replace(hold, bend=0.0, curl=0.0), rng, lid=max(asked, by_nature))


def _injected(scene: Scene) -> list[bytes]:
    """One photo brought to life by a generator, as the actor itself is: the pictures are in order."""
    return _performed(scene, scene.prompts)


def _acting(prompts: Sequence[PromptSpec]) -> list[PromptSpec]:
    return [prompt for prompt in prompts if prompt["kind"] in MOVES]


def _with_kinds(prompts: Sequence[PromptSpec], kinds: dict[int, str]) -> list[PromptSpec]:
    return [{**prompt, "kind": kinds.get(prompt["index"], prompt["kind"])} for prompt in prompts]


def _rest_after(prompts: Sequence[PromptSpec], number: int) -> Span | None:
    """From when to when the member rests behind the action of that number (from 1)."""
    places = [place for place, prompt in enumerate(prompts) if prompt["kind"] in MOVES]
    if len(places) < number or places[number - 1] + 1 >= len(prompts):
        return None
    place = places[number - 1] + 1
    return float(prompts[place]["start_ms"]), float(end_of(prompts, place))


ATTACKS: dict[str, Callable[[Scene], list[bytes]]] = {
    "still": _photo("still"),
    "still_panned": _photo("still_panned"),
    "still_zoomed": _photo("still_zoomed"),
    "still_tilted": _photo("still_tilted"),
    "still_bent": _photo("still_bent"),
    "cut_out_eyes": _cut_out_eyes,
    "wrong_order": _wrong_order,
    "other_challenge": _other_challenge,
    "re_encode": _re_encoded,
    "frozen": _frozen,
    "early": _early,
    "other_person": _other_person,
    "stand_in": _stand_in,
    "swap": _swapped(_from_last_action),
    "swap_after_1": _swapped(_after_action(1)),
    "swap_after_2": _swapped(_after_action(2)),
    "swap_at_rest": _swapped(_while_resting),
    "swap_at_end": _swapped(_at_the_end),
    "animated": _injected,
}
"""Kinds of attack; "animated" passes every check on pictures and is stopped by where and when they are posted."""
