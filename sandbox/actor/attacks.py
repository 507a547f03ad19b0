"""The attack kit 攻击样本: every way to cheat that the actor knows, each against the challenge it is given.

Each kind answers the prompts as well as its means allow: a photo is tilted to the side that is asked for, eyes behind
holes really blink. What a kind shows up to a prompt does not depend on prompts that come later, so that it can be
played while they are revealed; a swap after the last action is the exception.
"""

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from PIL import Image

from sandbox.actor.portrait import load_portrait, portrait_names
from sandbox.actor.prints import cut_out_eyes, photo
from sandbox.actor.render import jpeg_of
from sandbox.actor.scene import Scene, Span, acting, rest_after
from sandbox.actor.score import MOVES, PromptSpec, end_of, idle, moves_for, screen_at, stance_at

EARLY_MS = 500.0


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
    moves = moves_for(played, scene.chance("moves"), lead_ms)
    rest, rng = idle(scene.chance("idle")), scene.chance("noise")
    first, second = load_portrait(scene.portrait), load_portrait(other_than(scene.portrait))
    return [
        jpeg_of(
            second if _within(at_ms, others) else first,
            replace(stance_at(at_ms, moves, rest), screen=screen_at(at_ms, played)),
            rng,
        )
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
    asked = acting(scene.prompts)
    following = {one["index"]: other["kind"] for one, other in zip(asked, asked[1:] + asked[:1], strict=True)}
    return _performed(scene, _with_kinds(scene.prompts, following))


def _other_challenge(scene: Scene) -> list[bytes]:
    """The answer to a challenge that was never given: another action under every prompt."""
    return _performed(scene, _another(scene))


def _another(scene: Scene) -> list[PromptSpec]:
    order = list(scene.chance("other").permutation(list(MOVES)))
    kinds = {}
    for place, prompt in enumerate(acting(scene.prompts)):
        kind = order[place % len(order)]
        kinds[prompt["index"]] = str(kind if kind != prompt["kind"] else order[(place + 3) % len(order)])
    return _with_kinds(scene.prompts, kinds)


def _re_encoded(scene: Scene) -> list[bytes]:
    """An earlier genuine session under other light, cropped, brought to another size and compressed again."""
    rng = scene.chance("encode")
    scene = replace(scene, prompts=[{**prompt, "colours": []} for prompt in scene.prompts])
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
    asked = acting(prompts)
    return (asked[-1]["start_ms"] if asked else math.inf), math.inf


def _after_action(number: int) -> Callable[[Sequence[PromptSpec]], Span]:
    """From the middle of the rest behind that action on."""

    def span(prompts: Sequence[PromptSpec]) -> Span:
        rest = rest_after(prompts, number)
        return (sum(rest) / 2 if rest else math.inf), math.inf

    return span


def _while_resting(prompts: Sequence[PromptSpec]) -> Span:
    """Only while nothing is asked between the first two actions."""
    return rest_after(prompts, 1) or (math.inf, math.inf)


def _at_the_end(prompts: Sequence[PromptSpec]) -> Span:
    """After the last action, in the closing rest."""
    rest = rest_after(prompts, 3)
    return (0.6 * rest[0] + 0.4 * rest[1] if rest else math.inf), math.inf


def _stand_in(scene: Scene) -> list[bytes]:
    """Somebody else moves for the member, who is shown only at rest."""
    places = [place for place, prompt in enumerate(scene.prompts) if prompt["kind"] in MOVES]
    spans = [(scene.prompts[place]["start_ms"], end_of(scene.prompts, place)) for place in places]
    return _performed(scene, scene.prompts, others=spans)


def _injected(scene: Scene) -> list[bytes]:
    """One photo brought to life by a generator, as the actor itself is: the pictures are in order."""
    return _performed(scene, scene.prompts)


def _with_kinds(prompts: Sequence[PromptSpec], kinds: dict[int, str]) -> list[PromptSpec]:
    return [{**prompt, "kind": kinds.get(prompt["index"], prompt["kind"])} for prompt in prompts]


ATTACKS: dict[str, Callable[[Scene], list[bytes]]] = {
    "still": photo("still"),
    "still_panned": photo("still_panned"),
    "still_zoomed": photo("still_zoomed"),
    "still_tilted": photo("still_tilted"),
    "still_bent": photo("still_bent"),
    "cut_out_eyes": cut_out_eyes,
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
