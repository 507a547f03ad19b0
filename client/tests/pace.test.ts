import { expect, it } from 'vitest'
import { nextBatchIn, nextFrameIn, type Moment } from '@/face/pace'

const PACE = { fps: 8, totalMax: 120, actionCount: 3 }
const moment = (part: Partial<Moment> & { kind?: string; index?: number }): Moment => ({
  taken: part.taken ?? 10,
  waiting: part.waiting ?? 3,
  sincePromptMs: part.sincePromptMs ?? 900,
  prompt: { index: part.index ?? 1, kind: part.kind ?? 'blink', hold_ms: 3000 },
})

it('takes eight a second while an action runs', () => expect(nextFrameIn(moment({}), PACE)).toBe(125))
it('takes fewer while the face rests, but more than four', () => {
  const wait = nextFrameIn(moment({ kind: 'neutral' }), PACE)!
  expect(wait).toBeGreaterThan(125)
  expect(wait).toBeLessThan(250)
})
it('slows down when the line is slow', () => expect(nextFrameIn(moment({ waiting: 17 }), PACE)).toBe(240))
it('slows down when the next prompt is overdue', () => expect(nextFrameIn(moment({ sincePromptMs: 3500 }), PACE)).toBe(500))
it('keeps frames for the prompts to come', () => expect(nextFrameIn(moment({ taken: 80 }), PACE)).toBe(240))
it('stops at the limit', () => expect(nextFrameIn(moment({ taken: 120 }), PACE)).toBeNull())

it('lasts through the longest challenge on an ordinary line', () => {
  const holds = [1500, 3300, 900, 3300, 900, 3300, 900]
  const answerMs = 250
  let taken = 0
  holds.forEach((hold, index) => {
    const kind = index % 2 ? 'nod' : 'neutral'
    for (let since = 0; since < hold + answerMs; taken++) {
      since += nextFrameIn({ taken, waiting: 0, sincePromptMs: since, prompt: { index, kind, hold_ms: hold } }, PACE)!
    }
  })
  expect(taken).toBeLessThanOrEqual(120)
})

it('sends every second, and as soon as the prompt has run its time', () => {
  expect(nextBatchIn(0, 3000)).toBe(1000)
  expect(nextBatchIn(2600, 3000)).toBe(460)
  expect(nextBatchIn(3100, 3000)).toBe(350)
})
