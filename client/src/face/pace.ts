/** Pace 节奏: when the next frame is due, so that the frames last to the end of the challenge. */

const GRACE_MS = 1500
const IDLE_MS = 500

export interface Pace {
  fps: number
  totalMax: number
  /** Frames that the remaining prompts still need, this one included. */
  reserve: number
}

/** Milliseconds to the next frame; null when no more may be taken. */
export function nextFrameIn(taken: number, waiting: number, sincePromptMs: number, holdMs: number, pace: Pace): number | null {
  if (taken >= pace.totalMax) return null
  const behind = waiting > 2 * pace.fps
  const overdue = sincePromptMs > holdMs + GRACE_MS
  const short = pace.totalMax - taken <= pace.reserve
  return behind || overdue || short ? IDLE_MS : 1000 / pace.fps
}
