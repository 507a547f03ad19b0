/** Quoting 试算: the answer to the newest question counts, in whatever order the answers come. */

import { ref, shallowRef } from 'vue'
import { ApiProblem } from '@/api/problem'
import type { Quote } from '@/api/types'

const SOON_MS = 400

type Answer = { quote: Quote } | { problem: unknown }

export function useQuote(ask: () => Promise<Quote>, onQuote: () => void) {
  const quote = shallowRef<Quote | null>(null)
  const lastAllowed = shallowRef<Quote | null>(null)
  const missingConsent = ref('')
  let asked = 0
  /** The newest question, until its answer stands. */
  let newest: Promise<void> | null = null
  let failed = false
  let timer: ReturnType<typeof setTimeout> | undefined

  function quoteNow(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    failed = false
    return (newest = take(++asked))
  }

  /** After a choice: members often choose twice. */
  function quoteSoon(onFault: (problem: unknown) => void): void {
    clearTimeout(timer)
    timer = setTimeout(() => quoteNow().catch(onFault), SOON_MS)
  }

  async function take(mine: number): Promise<void> {
    const answer: Answer = await ask().then((found) => ({ quote: found }), (problem) => ({ problem }))
    if (mine !== asked) return newest ?? undefined
    if ('problem' in answer) refused(answer.problem)
    else stands(answer.quote)
    newest = null
  }

  function stands(found: Quote): void {
    quote.value = found
    if (found.allowed) lastAllowed.value = found
    missingConsent.value = ''
    onQuote()
  }

  function refused(problem: unknown): void {
    failed = !(problem instanceof ApiProblem) || problem.code !== 'consent.required'
    if (failed) throw problem
    missingConsent.value = (problem as ApiProblem).field ?? 'data_sharing'
  }

  /** Resolves when the newest answer stands: what is to be asked soon is asked now, what failed once more. */
  async function settled(): Promise<void> {
    if (timer !== undefined || failed) void quoteNow().catch(() => undefined)
    while (newest) await newest
  }

  return { quote, lastAllowed, missingConsent, quoteNow, quoteSoon, settled }
}
