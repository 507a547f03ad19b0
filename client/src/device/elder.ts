/** Elder mode 大字: one setting for the whole client, kept on the phone. */

import { ref, watchEffect } from 'vue'

const PLACE = 'anju.elder'
const PLACE_LARGER = 'anju.elder.larger'

export const elder = ref(uni.getStorageSync(PLACE) === true)
/** The larger of the two sizes of elder mode 特大. */
export const larger = ref(uni.getStorageSync(PLACE_LARGER) === true)

export function switchElder(): void {
  elder.value = !elder.value
  uni.setStorageSync(PLACE, elder.value)
}

export function switchLarger(): void {
  larger.value = !larger.value
  uni.setStorageSync(PLACE_LARGER, larger.value)
}

/** WeUI's care palette and our larger tokens hang on these marks of the document. */
export function followElder(): void {
  // #ifdef H5
  // Another window of the same phone may have switched it.
  addEventListener('storage', () => {
    elder.value = uni.getStorageSync(PLACE) === true
    larger.value = uni.getStorageSync(PLACE_LARGER) === true
  })
  watchEffect(() => {
    const root = document.documentElement
    if (elder.value) root.dataset.elder = larger.value ? 'more' : ''
    else delete root.dataset.elder
    if (elder.value) document.body.dataset.weuiMode = 'care'
    else delete document.body.dataset.weuiMode
  })
  // #endif
}
