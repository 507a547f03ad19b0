"""Course of a session 时序: frames in order, close together, under the right prompt, not frozen."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from services.face.engine.calibration import Timing
from services.face.engine.types import Frame, Pixels, Prompt


def shown_at(frames: Sequence[Frame], prompt: Prompt) -> int:
    """When the member can first have seen the prompt: not before its first frame."""
    first = min((frame.at_ms for frame in frames if frame.prompt == prompt.index), default=prompt.start_ms)
    return max(prompt.start_ms, first)


def course_faults(frames: Sequence[Frame], prompts: Sequence[Prompt], limits: Timing) -> list[str]:
    """Reason codes of a session whose timing cannot be trusted."""
    if not prompts or not _prompts_in_order(prompts):
        return ["liveness.bad_challenge"]
    if not frames:
        return ["liveness.no_frames"]
    if len(frames) > limits.most_frames:
        return ["liveness.too_many_frames"]
    if not _in_order(frames) or not _under_their_prompts(frames, prompts, limits):
        return ["liveness.out_of_order"]
    return [] if _covered(frames, prompts, limits) else ["liveness.gaps"]


def is_frozen(pictures: Sequence[Pixels], frames: Sequence[Frame], limits: Timing) -> bool:
    """The camera stood still: the same picture again and again."""
    same = [
        one.jpeg == other.jpeg or not _difference(pixels, following) >= limits.frozen_difference
        for (one, other), (pixels, following) in zip(pairwise(frames), pairwise(pictures), strict=True)
    ]
    run = longest = 0
    for repeated in same:
        run = run + 1 if repeated else 0
        longest = max(longest, run)
    return longest >= limits.frozen_run or (bool(same) and sum(same) / len(same) >= limits.frozen_share)


def _difference(one: Pixels, other: Pixels) -> float:
    if one.shape != other.shape:
        return float("inf")
    # Every second green pixel: sensor noise survives, unlike in a scaled picture.
    step = one[::2, ::2, 1].astype(np.int16) - other[::2, ::2, 1]
    return float(np.abs(step).mean())


def _prompts_in_order(prompts: Sequence[Prompt]) -> bool:
    indexes = [prompt.index for prompt in prompts]
    rising = all(one.start_ms < other.start_ms for one, other in pairwise(prompts))
    return indexes == list(range(len(prompts))) and rising and any(item.kind != "neutral" for item in prompts)


def _in_order(frames: Sequence[Frame]) -> bool:
    return frames[0].at_ms >= 0 and all(
        one.seq < other.seq and one.at_ms < other.at_ms and one.prompt <= other.prompt
        for one, other in pairwise(frames)
    )


def _under_their_prompts(frames: Sequence[Frame], prompts: Sequence[Prompt], limits: Timing) -> bool:
    def fits(frame: Frame) -> bool:
        if not 0 <= frame.prompt < len(prompts):
            return False
        prompt = prompts[frame.prompt]
        last = frame.prompt == len(prompts) - 1
        end = prompt.start_ms + prompt.hold_ms if last else prompts[frame.prompt + 1].start_ms
        return prompt.start_ms - limits.early_slack_ms <= frame.at_ms <= end + limits.late_slack_ms

    return all(fits(frame) for frame in frames)


def _covered(frames: Sequence[Frame], prompts: Sequence[Prompt], limits: Timing) -> bool:
    if any(other.at_ms - one.at_ms > limits.longest_gap_ms for one, other in pairwise(frames)):
        return False
    counts = {prompt.index: 0 for prompt in prompts}
    for frame in frames:
        counts[frame.prompt] += 1
    return all(counts[item.index] >= item.hold_ms / 1000 * limits.least_frames_per_s for item in prompts)
