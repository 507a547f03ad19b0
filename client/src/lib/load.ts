/** Loading 读取: one value of a page, its fault, and asking again. */

import { ref, shallowRef } from 'vue'
// #ifdef H5
import { ApiProblem } from '@/api/problem'
// #endif

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
      // #ifdef H5
      // The line is back: what could not be shown is asked for without a tap.
      if (problem instanceof ApiProblem && problem.kind === 'offline') addEventListener('online', again, { once: true })
      // #endif
    }
  }
  // #ifdef H5
  const again = () => void (fault.value && load())
  // #endif

  return { value, fault, ready, load }
}
