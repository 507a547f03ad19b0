/** Light 色光: the colours of a prompt fill the screen in turn, so that the camera can see them in the skin. */

import { ref } from 'vue'
import type { Prompt } from '@/api/types'

/** Bright, and never more than two changes a second: nobody shall be troubled by flashes. */
const SHADES: Record<string, string> = { red: '#FF5A4D', green: '#34D27B', blue: '#4C8BFF' }
const LEAST_MS = 500

const wantsNoMotion = () => matchMedia('(prefers-reduced-motion: reduce)').matches

export function useLight() {
  const shade = ref('')
  let timer: ReturnType<typeof setTimeout> | undefined

  function dark(): void {
    clearTimeout(timer)
    shade.value = ''
  }

  function light(prompt: Pick<Prompt, 'colours' | 'hold_ms'>): void {
    dark()
    const { colours, hold_ms: holdMs } = prompt
    if (!colours.length || wantsNoMotion() || holdMs / colours.length < LEAST_MS) return
    const each = holdMs / colours.length
    const next = (place: number) => {
      shade.value = SHADES[colours[place] ?? ''] ?? ''
      if (place < colours.length) timer = setTimeout(() => next(place + 1), each)
    }
    next(0)
  }

  return { shade, light, dark }
}
