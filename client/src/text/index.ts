/** Texts 文字: every word of the client, in the language the member chose. Chinese is the source; English loads when asked for. */

import { shallowReactive, shallowRef } from 'vue'
import { zh, type Text } from './zh'

export type Language = 'zh' | 'en'
export type { Text }

/** What is on the screen now; templates and scripts read `t.section.key` and follow a change of language. */
export const t = shallowReactive<Text>({ ...zh })

export const language = shallowRef<Language>('zh')

const HAN = /\p{Script=Han}/u

/** Mark for screen readers: what the server says is Chinese in every language of the client. */
export const langOf = (text: string | null | undefined) => (language.value !== 'zh' && text && HAN.test(text) ? 'zh-CN' : undefined)

/** A short word of the centre in the language on the screen, where there is one for it. */
export const gloss = (text: string) => t.glosses.all[text] ?? text

/** Put these words on the screen. */
export function speak(spoken: Language, texts: Text = zh): void {
  Object.assign(t, texts)
  language.value = spoken
}
