/** Mini-program sign-in 小程序登录: a code of wx.login becomes a session of ours; nobody is asked for anything. */

import { ApiProblem } from './problem'
import { hasTokens, keepTokens } from './tokens'
import { exchange } from './transport'
import { t } from '@/text'

const noCode = () => new ApiProblem('offline', 0, 'auth.no_code', t.problem.noWeChat)

let entering: Promise<void> | null = null

function code(): Promise<string> {
  return new Promise((resolve, reject) => {
    uni.login({
      provider: 'weixin',
      timeout: 8000,
      success: (reply) => (reply.code ? resolve(reply.code) : reject(noCode())),
      fail: () => reject(noCode()),
    })
  })
}

/** A new session. Whoever asks meanwhile waits for the same one. */
export function enter(): Promise<void> {
  entering ??= code()
    .then((js_code) => exchange<Record<string, string>>({ method: 'POST', path: '/auth/mini/login', body: { js_code } }))
    .then(keepTokens)
    .finally(() => (entering = null))
  return entering
}

/** When the mini-program opens: the session is renewed where WeChat's own has ended, before anything is asked. */
export function comeIn(): void {
  const renew = () => void enter().catch(() => undefined)
  if (!hasTokens()) renew()
  else uni.checkSession({ fail: renew })
}

/** Ready once there are tokens to send. */
export async function present(): Promise<void> {
  if (entering) await entering
  else if (!hasTokens()) await enter()
}
