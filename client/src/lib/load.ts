/** Loading 读取: one value of a page, its fault, and asking again. */

import { ref, shallowRef } from 'vue'

export function useLoad<T>(read: () => Promise<T>) {
  const value = shallowRef<T | null>(null)
  const fault = shallowRef<unknown>(null)
  const ready = ref(false)

  async function load(): Promise<void> {
    fault.value = null
    try {
      value.value = await read()
      ready.value = true
    } catch (problem) {
      fault.value = problem
    }
  }

  return { value, fault, ready, load }
}
