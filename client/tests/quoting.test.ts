import { beforeEach, expect, it, vi } from 'vitest'
import { ApiProblem } from '@/api/problem'
import type { Quote } from '@/api/types'
import { useQuote } from '@/lib/quoting'

const allowed = (max_fen: number) => ({ allowed: true, max_fen }) as Quote
const lost = new ApiProblem('offline', 0, 'network.offline', '没连上')

/** Questions under way, oldest first, to be answered in any order. */
let asked: { answer(quote: Quote): void; fail(problem: unknown): void }[]
const ask = () => new Promise<Quote>((answer, fail) => asked.push({ answer, fail }))
const soon = () => vi.advanceTimersByTimeAsync(0)

/** Whether a promise is through. */
function watched(promise: Promise<unknown>): { how: string } {
  const seen = { how: 'waiting' }
  promise.then(() => (seen.how = 'there'), () => (seen.how = 'failed'))
  return seen
}

beforeEach(() => {
  asked = []
  vi.useFakeTimers()
})

it('shows the newest answer, whichever comes last', async () => {
  const { quote, quoteNow } = useQuote(ask, () => undefined)
  const both = [quoteNow(), quoteNow()]
  asked[1].answer(allowed(200_000))
  await soon()
  expect(quote.value?.max_fen).toBe(200_000)
  asked[0].answer(allowed(900_000))
  await Promise.all(both)
  expect(quote.value?.max_fen).toBe(200_000)
})

it('does not take an older refusal, or an older want of consent, for the newest word', async () => {
  const { quote, lastAllowed, missingConsent, quoteNow } = useQuote(ask, () => undefined)
  const all = [quoteNow(), quoteNow(), quoteNow()]
  asked[2].answer(allowed(200_000))
  asked[0].answer({ allowed: false, max_fen: null } as Quote)
  asked[1].fail(new ApiProblem('answer', 403, 'consent.required', '', 'data_sharing'))
  await Promise.all(all)
  expect([quote.value?.allowed, lastAllowed.value?.max_fen, missingConsent.value]).toEqual([true, 200_000, ''])
})

it('goes on only when the newest answer stands', async () => {
  const { quote, quoteNow, settled } = useQuote(ask, () => undefined)
  void quoteNow()
  const through = watched(settled())
  void quoteNow()
  asked[0].answer(allowed(900_000))
  await soon()
  expect(through.how).toBe('waiting')
  asked[1].answer(allowed(200_000))
  await soon()
  expect([through.how, quote.value?.max_fen]).toEqual(['there', 200_000])
  await settled()
  expect(asked).toHaveLength(2)
})

it('asks at once what it was to ask in a moment', async () => {
  const { quoteSoon, settled } = useQuote(ask, () => undefined)
  quoteSoon(() => undefined)
  expect(asked).toHaveLength(0)
  const through = watched(settled())
  asked[0].answer(allowed(200_000))
  await vi.advanceTimersByTimeAsync(1000)
  expect([through.how, asked.length]).toEqual(['there', 1])
})

it('does not go on over a question that failed, and asks it again at the next tap', async () => {
  const { quote, quoteNow, settled } = useQuote(ask, () => undefined)
  const before = quoteNow()
  asked[0].answer(allowed(900_000))
  await before
  quoteNow().catch(() => undefined)
  const through = watched(settled())
  asked[1].fail(lost)
  await soon()
  expect(through.how).toBe('failed')
  const again = watched(settled())
  asked[2].answer(allowed(200_000))
  await soon()
  expect([again.how, quote.value?.max_fen]).toEqual(['there', 200_000])
})

it('says which consent is missing, and fills in what most members mean', async () => {
  const preselect = vi.fn()
  const { missingConsent, quoteNow } = useQuote(ask, preselect)
  const first = quoteNow()
  asked[0].fail(new ApiProblem('answer', 403, 'consent.required', '', 'data_sharing'))
  await first
  expect([missingConsent.value, preselect.mock.calls.length]).toEqual(['data_sharing', 0])
  const second = quoteNow()
  asked[1].answer(allowed(200_000))
  await second
  expect([missingConsent.value, preselect.mock.calls.length]).toEqual(['', 1])
})
