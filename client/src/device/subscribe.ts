/** Notices wanted 订阅消息: in the mini-program WeChat lets one message go for each yes of the member, asked at a tap. The
 * public account writes to those who follow it, and asks nothing here. */

// #ifdef MP-WEIXIN
import { readConfig, tellConsents } from '@/api/endpoints'

/** As many as WeChat shows at once. */
const MOST = 3

let templates: { name: string; id: string }[] = []
// #endif

/** Learn what may be asked for; WeChat's question must follow the tap at once, so this comes before it. */
export function prepareToTell(): void {
  // #ifdef MP-WEIXIN
  void readConfig()
    .then((config) => (templates = config.mini_templates.slice(0, MOST)))
    .catch(() => undefined)
  // #endif
}

/** Call first thing in a tap. Comes back when the member has answered; no answer stands in the way of anything. */
export async function askToTell(): Promise<void> {
  // #ifdef MP-WEIXIN
  if (!templates.length || typeof wx.requestSubscribeMessage !== 'function') return
  const asked = templates
  const answers = await new Promise<Record<string, string>>((resolve) => {
    wx.requestSubscribeMessage({
      tmplIds: asked.map((one) => one.id),
      success: (reply) => resolve(reply as unknown as Record<string, string>),
      fail: () => resolve({}),
    })
  })
  const told = asked
    .filter((one) => one.id in answers)
    .map((one) => ({ template: one.name, accepted: answers[one.id].startsWith('accept') }))
  if (told.length) void tellConsents(told).catch(() => undefined)
  // #endif
}
