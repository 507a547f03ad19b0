/** Pace 节奏: when the next frame and the next batch are due, so that the frames last to the end of the challenge. */

import type { Prompt } from '@/api/types'

const SEND_EVERY_MS = 1000
const SEND_OVERDUE_MS = 350
/** After the hold time only the server's answer is waited for; a gap of more than 1.2 s would be refused. */
const GRACE_MS = 400
const IDLE_MS = 900
const SPARING_MS = 240
const NEUTRAL_SHARE = 0.7
/** What a prompt takes on a line where each answer is under way for seconds. */
const FRAMES_PER_PROMPT = 14

export interface Pace {
  fps: number
  totalMax: number
  actionCount: number
}

export interface Moment {
  taken: number
  waiting: number
  sincePromptMs: number
  prompt: Pick<Prompt, 'index' | 'kind' | 'hold_ms'>
}

/** Milliseconds to the next frame; null when no more may be taken. */
export function nextFrameIn(now: Moment, pace: Pace): number | null {
  if (now.taken >= pace.totalMax) return null
  if (now.sincePromptMs > now.prompt.hold_ms + GRACE_MS) return IDLE_MS
  // Between the actions the face rests: a prompt to look ahead before and after each.
  const promptsLeft = Math.max(0, 2 * pace.actionCount - now.prompt.index)
  const short = pace.totalMax - now.taken <= promptsLeft * FRAMES_PER_PROMPT
  const behind = now.waiting > pace.fps
  if (short || behind) return SPARING_MS
  return 1000 / (now.prompt.kind === 'neutral' ? pace.fps * NEUTRAL_SHARE : pace.fps)
}

/** Milliseconds to the next batch: about a second, or as soon as the prompt has run its time. */
export function nextBatchIn(sincePromptMs: number, holdMs: number): number {
  const left = holdMs - sincePromptMs
  return left <= 0 ? SEND_OVERDUE_MS : Math.min(SEND_EVERY_MS, left + 60)
}
