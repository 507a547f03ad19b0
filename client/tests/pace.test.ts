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
it('slows down when the next prompt is overdue', () => expect(nextFrameIn(moment({ sincePromptMs: 3500 }), PACE)).toBe(900))
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

/** A phone whose batches are under way for so long, and a centre that goes by its own clock and by what has come. */
function played(holds: number[], upMs: number, downMs: number) {
  const seen: { at: number; prompt: number }[] = []
  const queue: typeof seen = []
  let [prompt, since, shown, shownAt, begun, next, due, arrives, answers] = [0, 0, 0, 0, 0, 0, 0, Infinity, Infinity]
  let batch: typeof seen = []
  for (let now = 0; now < 90_000; now += 10) {
    if (now >= next && seen.length < PACE.totalMax) {
      const at = { taken: seen.length, waiting: queue.length, sincePromptMs: now - since, prompt: { index: prompt, kind: prompt % 2 ? 'nod' : 'neutral', hold_ms: holds[prompt] } }
      const wait = nextFrameIn(at, PACE)!
      const picture = { at: now, prompt }
      seen.push(picture)
      queue.push(picture)
      next = now + wait
    }
    if (now >= arrives) {
      const last = batch.filter((one) => one.prompt === shown)
      if (last.length && !begun) begun = last[0].at + 1
      const run = begun > 0 && now - shownAt >= holds[shown]
      if (run && shown < holds.length - 1) [shown, shownAt, begun] = [shown + 1, now, 0]
      else if (run && last.length && last[last.length - 1].at + 1 - begun >= (holds[shown] * 2) / 3) return seen.slice(0, seen.length - queue.length)
      ;[arrives, answers] = [Infinity, now + downMs]
    }
    if (now >= answers) {
      if (shown !== prompt) [prompt, since] = [shown, now]
      ;[answers, due] = [Infinity, now + nextBatchIn(now - since, holds[prompt])]
    }
    const idle = arrives === Infinity && answers === Infinity
    if (idle && queue.length && (now >= due || queue.length >= 10)) [batch, arrives] = [queue.splice(0, 10), now + upMs]
  }
  return null
}

it.each([
  [125, 125],
  [700, 300],
  [1500, 500],
  [2700, 300],
  [3500, 300],
])('lasts on a line that takes %i ms up and %i ms down, each prompt covered and no gap', (up, down) => {
  for (const action of [2600, 3000, 3300]) {
    const holds = [2000, action, 900, action, 900, action, 900]
    const sent = played(holds, up, down)
    expect(sent).not.toBeNull()
    holds.forEach((hold, index) => expect(sent!.filter((one) => one.prompt === index).length).toBeGreaterThanOrEqual((hold / 1000) * 3))
    sent!.slice(1).forEach((one, place) => expect(one.at - sent![place].at).toBeLessThanOrEqual(1200))
  }
})

it('sends every second, and as soon as the prompt has run its time', () => {
  expect(nextBatchIn(0, 3000)).toBe(1000)
  expect(nextBatchIn(2600, 3000)).toBe(460)
  expect(nextBatchIn(3100, 3000)).toBe(350)
})
