/** Transport 传输: one HTTP exchange, with time limits, the CSRF mark and the session's own headers. */

import { fromReply, fromTransport } from './problem'
import { bearer } from './tokens'
// #ifdef H5
import { earlyAnswer } from './early'
// #endif

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

export interface Send {
  method: Method
  path: string
  body?: unknown
  headers?: Record<string, string>
  timeoutMs?: number
}

let base = '/api/v1'
// #ifndef H5
// A mini-program has no page address of its own: the centre's host is given when it is built.
base = import.meta.env.VITE_API_BASE ?? 'https://127.0.0.1/api/v1'
// #endif

function csrfHeader(): Record<string, string> {
  // #ifdef H5
  const match = /(?:^|;\s*)(?:__Host-)?anju_csrf=([^;]+)/.exec(document.cookie)
  if (match) return { 'X-CSRF-Token': decodeURIComponent(match[1]) }
  // #endif
  return {}
}

function headersOf(request: Send): Record<string, string> {
  const headers: Record<string, string> = { Accept: 'application/json', ...bearer(), ...request.headers }
  if (request.body !== undefined) headers['Content-Type'] = 'application/json'
  return request.method === 'GET' ? headers : { ...headers, ...csrfHeader() }
}

function headerOf(headers: Record<string, string> | undefined, name: string): string | null {
  const found = Object.keys(headers ?? {}).find((key) => key.toLowerCase() === name)
  return found ? headers![found] : null
}

/** Send one file as the form field `file`; body of a 2xx answer, or ApiProblem. */
export function sendFile<T>(path: string, file: string | File): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    uni.uploadFile({
      url: base + path,
      ...(typeof file === 'string' ? { filePath: file, name: 'file' } : { files: [{ name: 'file', file, uri: '' }] }),
      header: { Accept: 'application/json', ...bearer(), ...csrfHeader() },
      timeout: 60000,
      success: (reply) => {
        let body: unknown = null
        try {
          body = JSON.parse(reply.data)
        } catch {
          body = null
        }
        if (reply.statusCode >= 200 && reply.statusCode < 300 && body) return resolve(body as T)
        reject(fromReply(reply.statusCode, body, null))
      },
      fail: (fault) => reject(fromTransport(String(fault.errMsg), true)),
    })
  })
}

// #ifdef MP-WEIXIN
/** A file by its address from the host's root, for the phone's own viewer. WeChat hides what a refusal says. */
export function downloadFile(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    uni.downloadFile({
      url: base.replace(/\/api\/v1$/, '') + address,
      header: bearer(),
      timeout: 30000,
      success: (reply) => {
        if (reply.statusCode === 200) return resolve(reply.tempFilePath)
        reject(fromReply(reply.statusCode, reply.statusCode === 401 ? { code: 'auth.expired' } : null, null))
      },
      fail: (fault) => reject(fromTransport(String(fault.errMsg), true)),
    })
  })
}

// #endif
/** Body of a 2xx answer; throws ApiProblem for everything else. */
export async function exchange<T>(request: Send): Promise<T> {
  // #ifdef H5
  const early = await earlyAnswer(request.method, request.path)
  if (early && early.status < 300) return early.body as T
  if (early) throw fromReply(early.status, early.body, null)
  // #endif
  return sent<T>(request)
}

function sent<T>(request: Send): Promise<T> {
  const repeatable = request.method === 'GET' || 'Idempotency-Key' in (request.headers ?? {})
  return new Promise<T>((resolve, reject) => {
    uni.request({
      url: base + request.path,
      method: request.method,
      data: request.body === undefined ? undefined : JSON.stringify(request.body),
      header: headersOf(request),
      timeout: request.timeoutMs ?? 12000,
      withCredentials: true,
      success: (reply) => {
        if (reply.statusCode >= 200 && reply.statusCode < 300) return resolve(reply.data as T)
        reject(fromReply(reply.statusCode, reply.data, headerOf(reply.header, 'retry-after')))
      },
      fail: (fault) => reject(fromTransport(String(fault.errMsg), repeatable)),
    })
  })
}
