/** Client 请求: exchanges that outlive a bad line or an old session. */

import { ApiProblem } from './problem'
import { signInAgain } from './signin'
import { keepTokens, refreshBody } from './tokens'
import { exchange, type Send } from './transport'

const PAUSES_MS = [500, 1500]

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

let refreshing: Promise<void> | null = null

/** One refresh for all requests that found the session expired at the same time. */
function refresh(): Promise<void> {
  refreshing ??= exchange<{ access_token?: string; refresh_token?: string }>({
    method: 'POST',
    path: '/auth/refresh',
    body: refreshBody(),
  })
    .then(keepTokens)
    .finally(() => (refreshing = null))
  return refreshing
}

async function inSession<T>(request: Send): Promise<T> {
  try {
    return await exchange<T>(request)
  } catch (fault) {
    if (!(fault instanceof ApiProblem) || !fault.code.startsWith('auth.')) throw fault
    if (fault.code === 'auth.expired') {
      const renewed = await refresh().then(() => true, () => false)
      if (renewed) return exchange<T>(request)
    }
    if (fault.status === 401) return signInAgain()
    throw fault
  }
}

/** What may be asked again unchanged is, twice at most. */
export async function again<T>(ask: () => Promise<T>): Promise<T> {
  for (const wait of PAUSES_MS) {
    try {
      return await ask()
    } catch (fault) {
      if (!(fault instanceof ApiProblem) || !fault.passing) throw fault
      await pause(fault.retryAfterS ? Math.min(fault.retryAfterS, 5) * 1000 : wait)
    }
  }
  return ask()
}

const patient = <T>(request: Send) => again(() => inSession<T>(request))

export const get = <T>(path: string, timeoutMs?: number) => patient<T>({ method: 'GET', path, timeoutMs })

export const post = <T>(path: string, body: unknown = {}, timeoutMs?: number) =>
  inSession<T>({ method: 'POST', path, body, timeoutMs })

/** POST under an Idempotency-Key: the server does it once, however often it is sent. */
export const postOnce = <T>(path: string, body: unknown, key: string) =>
  patient<T>({ method: 'POST', path, body, headers: { 'Idempotency-Key': key }, timeoutMs: 20000 })

export const remove = (path: string) => inSession<void>({ method: 'DELETE', path })
