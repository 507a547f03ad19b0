/** Problems 出错: what went wrong, as a sentence that says what to do. */

import type { Refusal } from './types'

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
    return this.kind === 'offline' || this.kind === 'timeout' || [502, 503, 504].includes(this.status)
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
  if (status === 404) return '没有找到这一页的内容，请回到首页再进一次。'
  if (status === 413) return '发出的内容太大了，请再试一次。'
  if (status === 429) return '点得有点快，请等一分钟再试。'
  if (status >= 500) return '我们这边出了点问题，请过几分钟再试。没有办成的事不会扣您的钱。'
  return '这一步没有办成，请回到首页再试一次。'
}

/** The phone did not reach us; `repeatable` tells whether the same request may simply be sent again. */
export function fromTransport(message: string, repeatable: boolean): ApiProblem {
  const slow = /time-?out/i.test(message)
  const head = slow ? '网络有点慢，没有等到回话。' : '网络没有连上。'
  const tail = repeatable ? '请看看网络，再点一次；重复点不会重复办。' : '请看看网络，再试一次。'
  return new ApiProblem(slow ? 'timeout' : 'offline', 0, slow ? 'network.timeout' : 'network.offline', head + tail)
}

/** The sentence to show for anything that was thrown. */
export function sentence(fault: unknown): string {
  return fault instanceof ApiProblem ? fault.detail : '这一步没有办成，请再试一次；还不行就拨打 12329。'
}
