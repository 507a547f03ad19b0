/** Light and dark 深浅色: as the phone has it, or as the member wants it here; kept on this phone. */

import { ref, watchEffect } from 'vue'

export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const PLACE = 'anju.theme'

const kept = (): Theme => {
  const found = uni.getStorageSync(PLACE) as Theme
  return THEMES.includes(found) ? found : 'auto'
}

export const theme = ref<Theme>(kept())
/** Whether the page is dark now, for what is drawn outside our styles. */
export const dark = ref(false)

export function chooseTheme(wanted: Theme): void {
  theme.value = wanted
  uni.setStorageSync(PLACE, wanted)
}

/** The tokens and WeUI's palette hang on these marks of the document; the shell bears the same for the mini-program. */
export function followTheme(): void {
  // #ifdef H5
  const phone = matchMedia('(prefers-color-scheme: dark)')
  const phoneDark = ref(phone.matches)
  phone.addEventListener?.('change', () => (phoneDark.value = phone.matches))
  // Another window of the same phone may have changed it.
  addEventListener('storage', () => (theme.value = kept()))
  watchEffect(() => {
    dark.value = theme.value === 'auto' ? phoneDark.value : theme.value === 'dark'
    for (const mark of [document.documentElement, document.body]) {
      if (theme.value === 'auto') delete mark.dataset.weuiTheme
      else mark.dataset.weuiTheme = theme.value
    }
  })
  // #endif
  // #ifdef MP-WEIXIN
  watchEffect(() => (dark.value = theme.value === 'dark' || (theme.value === 'auto' && uni.getSystemInfoSync().theme === 'dark')))
  // #endif
}
