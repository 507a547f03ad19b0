/** Client 请求: exchanges that outlive a bad line or an old session. */

import { ApiProblem } from './problem'
import { bindFirst, signInAgain } from './signin'
import { keepTokens, refreshBody } from './tokens'
import { exchange, sendFile, type Send } from './transport'
// #ifdef MP-WEIXIN
import { present } from './mini-login'
import { downloadFile } from './transport'
// #endif

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

async function inSession<T>(ask: () => Promise<T>): Promise<T> {
  // #ifdef MP-WEIXIN
  await present()
  // #endif
  try {
    return await ask()
  } catch (fault) {
    if (fault instanceof ApiProblem && fault.code === 'bind.required') return bindFirst()
    if (!(fault instanceof ApiProblem) || !fault.code.startsWith('auth.')) throw fault
    if (fault.code === 'auth.expired') {
      const renewed = await refresh().then(() => true, () => false)
      if (renewed) return ask()
    }
    if (fault.status === 401) return signInAgain(ask)
    throw fault
  }
}

/** What may be asked again unchanged is, twice at most. */
export async function again<T>(ask: () => Promise<T>, may = (fault: ApiProblem) => fault.passing): Promise<T> {
  for (const wait of PAUSES_MS) {
    try {
      return await ask()
    } catch (fault) {
      if (!(fault instanceof ApiProblem) || !may(fault)) throw fault
      await pause(fault.retryAfterS ? Math.min(fault.retryAfterS, 5) * 1000 : wait)
    }
  }
  return ask()
}

const once = <T>(request: Send) => inSession(() => exchange<T>(request))
const patient = <T>(request: Send) => again(() => once<T>(request))
/** A server with too much to do turns requests away before anything is done: those may be sent again, whatever they ask for. */
const unlessBusy = <T>(request: Send) => again(() => once<T>(request), (fault) => fault.code === 'service.turned_away')

export const get = <T>(path: string, timeoutMs?: number) => patient<T>({ method: 'GET', path, timeoutMs })

export const post = <T>(path: string, body: unknown = {}, timeoutMs?: number) =>
  unlessBusy<T>({ method: 'POST', path, body, timeoutMs })

export const put = <T>(path: string, body: unknown) => patient<T>({ method: 'PUT', path, body })

/** POST under an Idempotency-Key: the server does it once, however often it is sent. */
export const postOnce = <T>(path: string, body: unknown, key: string) =>
  patient<T>({ method: 'POST', path, body, headers: { 'Idempotency-Key': key }, timeoutMs: 20000 })

export const remove = (path: string) => unlessBusy<void>({ method: 'DELETE', path })

/** One file, as the form field `file`. */
export const upload = <T>(path: string, file: string | File) => inSession(() => sendFile<T>(path, file))
// #ifdef MP-WEIXIN

/** Where a file of the server lies on the phone, for a while. */
export const download = (address: string) => again(() => inSession(() => downloadFile(address)))
// #endif
