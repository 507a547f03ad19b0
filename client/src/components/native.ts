/** Native elements 原生元素: on H5 uni-app turns button, input and label into its own tags, which screen readers cannot name. */

import { h, type FunctionalComponent } from 'vue'

const native = (tag: string): FunctionalComponent => {
  const part: FunctionalComponent = (_props, { attrs, slots }) => h(tag, attrs, slots.default?.())
  part.inheritAttrs = false
  return part
}

export const NativeButton = native('button')
export const NativeInput = native('input')
export const NativeLabel = native('label')
export const NativeForm = native('form')
export const NativeSelect = native('select')
export const NativeVideo = native('video')
