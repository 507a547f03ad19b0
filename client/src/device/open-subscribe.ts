/** Open tag 开放标签: WeChat's own button in our page; a tap on it asks the member whether the public account may write.
 * WeChat draws it in a frame of its own, where no style of ours reaches: what it looks like goes in with it. */

// #ifdef H5
import type { Template } from '@/api/types'

/** As many as WeChat asks for at once. */
const MOST = 3

export interface Answered {
  template: string
  accepted: boolean
}

export interface Heard {
  success: (answers: Answered[]) => void
  error: (code: number) => void
}

/** What the member said to each template. WeChat packs texts into texts: {"<id>": "{\"status\":\"accept\"}"}. */
export function answersOf(detail: unknown, templates: Template[]): Answered[] {
  const told = (detail as { subscribeDetails?: string } | null)?.subscribeDetails
  const answers = JSON.parse(told || '{}') as Record<string, string>
  return templates
    .filter((one) => one.id in answers)
    .map((one) => ({ template: one.name, accepted: (JSON.parse(answers[one.id]) as { status?: string }).status === 'accept' }))
}

const errorOf = (event: Event) => Number((event as CustomEvent<{ errCode?: number }>).detail?.errCode ?? 0)

/** A button as tall and as coloured as ours are here and now. */
function drawn(place: HTMLElement, words: string): string {
  const look = getComputedStyle(place)
  const of = (name: string) => look.getPropertyValue(name).trim()
  const tall = Math.max(48, parseFloat(of('--tap')))
  return `<style>
    .ask { display: block; box-sizing: border-box; width: 100%; min-height: ${tall}px; margin: 0; padding: 10px 16px; border: 0; border-radius: 12px;
      background: ${of('--card')}; color: ${of('--tile')}; box-shadow: inset 0 0 0 1.5px ${of('--tile')}; font: 600 ${of('--t17')}/1.35 ${look.fontFamily.replace(/"/g, "'")}; text-align: center; }
  </style><button class="ask" type="button" data-testid="wechat-ask">${words}</button>`
}

/** Put WeChat's tag there in place of what was. */
export function showTag(place: HTMLElement, templates: Template[], words: string, heard: Heard): void {
  const asked = templates.slice(0, MOST)
  const tag = document.createElement('wx-open-subscribe')
  tag.setAttribute('template', asked.map((one) => one.id).join(','))
  tag.style.cssText = 'display: block; width: 100%'
  const inside = document.createElement('script')
  inside.type = 'text/wxtag-template'
  inside.textContent = drawn(place, words)
  tag.append(inside)
  tag.addEventListener('success', (event) => heard.success(answersOf((event as CustomEvent).detail, asked)))
  tag.addEventListener('error', (event) => heard.error(errorOf(event)))
  place.replaceChildren(tag)
}
// #endif
