/** Elder mode 大字: one setting for the whole client, kept on the phone. */

import { ref, watchEffect } from 'vue'

const PLACE = 'anju.elder'

export const elder = ref(uni.getStorageSync(PLACE) === true)

export function switchElder(): void {
  elder.value = !elder.value
  uni.setStorageSync(PLACE, elder.value)
}

/** WeUI's care palette and our larger tokens hang on these marks of the document. */
export function followElder(): void {
  // #ifdef H5
  watchEffect(() => {
    document.documentElement.toggleAttribute('data-elder', elder.value)
    if (elder.value) document.body.dataset.weuiMode = 'care'
    else delete document.body.dataset.weuiMode
  })
  // #endif
}
