/** Language 语言: chosen by the member, kept on the phone; Chinese at first. */

import { watchEffect } from 'vue'
import { language, speak, type Language } from '@/text'
// #ifndef H5
import { en } from '@/text/en'
// #endif

const PLACE = 'anju.language'
const TAGS: Record<Language, string> = { zh: 'zh-CN', en: 'en' }

/** English is a file of its own on the page, fetched by those who read it. */
async function english() {
  // #ifdef H5
  return (await import('@/text/en')).en
  // #endif
  // #ifndef H5
  return en
  // #endif
}

/** Speak it when its words are there; without them all stays as it is. */
async function turnTo(wanted: Language): Promise<void> {
  if (wanted === 'zh') return speak('zh')
  speak('en', await english())
}

export async function switchLanguage(): Promise<void> {
  const wanted: Language = language.value === 'zh' ? 'en' : 'zh'
  uni.setStorageSync(PLACE, wanted)
  await turnTo(wanted).catch(() => undefined)
}

/** Whether words have to be fetched before the first page is shown. */
export const foreign = () => uni.getStorageSync(PLACE) === 'en'

const LIMIT_MS = 4000

/** The words of the language kept on this phone; where they take too long or fail, it is Chinese until they come. */
export function ready(): Promise<void> {
  const late = new Promise<void>((done) => setTimeout(done, LIMIT_MS))
  return Promise.race([turnTo(foreign() ? 'en' : 'zh').catch(() => undefined), late])
}

/** The language kept on this phone, and its mark on the document for screen readers. */
export function followLanguage(): void {
  // #ifdef MP-WEIXIN
  void ready()
  // #endif
  // #ifdef H5
  watchEffect(() => (document.documentElement.lang = TAGS[language.value]))
  // #endif
}
