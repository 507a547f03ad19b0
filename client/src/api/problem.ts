/** Problems 出错: what went wrong, as a sentence that says what to do. */

import type { Refusal } from './types'
import { t } from '@/text'

export type ProblemKind = 'answer' | 'offline' | 'timeout' | 'unreadable'

export class ApiProblem extends Error {
  constructor(
    readonly kind: ProblemKind,
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly field: string | null = null,
    readonly refusals: Refusal[] = [],
    readonly retryAfterS: number | null = null,
  ) {
    super(code)
  }

  /** True when asking again in a moment may help. */
  get passing(): boolean {
    return this.code === 'idempotency.in_progress' || this.kind === 'offline' || this.kind === 'timeout' || [502, 503, 504].includes(this.status)
  }
}

export function fromReply(status: number, body: unknown, retryAfter: string | null): ApiProblem {
  const problem = (body && typeof body === 'object' ? body : {}) as Record<string, unknown>
  const detail = typeof problem.detail === 'string' && problem.detail ? problem.detail : fallbackText(status)
  return new ApiProblem(
    'answer',
    status,
    String(problem.code ?? `http.${status}`),
    detail,
    typeof problem.field === 'string' ? problem.field : null,
    Array.isArray(problem.refusals) ? (problem.refusals as Refusal[]) : [],
    retryAfter ? Number(retryAfter) || null : null,
  )
}

function fallbackText(status: number): string {
  if (status === 404) return t.problem.notFound
  if (status === 413) return t.problem.tooLarge
  if (status === 429) return t.problem.tooFast
  if (status >= 500) return t.problem.ours
  return t.problem.notDone
}

/** The phone did not reach us; `repeatable` tells whether the same request may simply be sent again. */
export function fromTransport(message: string, repeatable: boolean): ApiProblem {
  const slow = /time-?out/i.test(message)
  const head = slow ? t.problem.slow : t.problem.offline
  const tail = repeatable ? t.problem.tapAgain : t.problem.tryAgain
  return new ApiProblem(slow ? 'timeout' : 'offline', 0, slow ? 'network.timeout' : 'network.offline', head + tail)
}

/** The same application would pay another sum now: it has to be stopped, and begun anew. */
export const amountMoved = (fault: unknown): boolean => fault instanceof ApiProblem && fault.code === 'application.amount_moved'

/** The sentence to show for anything that was thrown. */
export function sentence(fault: unknown): string {
  return fault instanceof ApiProblem ? fault.detail : t.problem.unknown
}
