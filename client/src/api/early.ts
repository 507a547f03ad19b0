/** Early 先问: the answer that build/first-page.ts asked for while this script was still on its way. */

export interface Early {
  status: number
  body: unknown
}

type Page = Window & { anjuEarly?: Promise<Early> }

/** It serves the first page only: what is asked for home later has to be of that time. */
export function forgetEarly(): void {
  delete (window as Page).anjuEarly
}

/** Taken once, for the first reading of home; nothing when it was not asked for, the line failed, or something was done since. */
export async function earlyAnswer(method: string, path: string): Promise<Early | null> {
  const page = window as Page
  if (method !== 'GET') forgetEarly()
  if (method !== 'GET' || path !== '/home' || !page.anjuEarly) return null
  const asked = page.anjuEarly
  delete page.anjuEarly
  return asked.catch(() => null)
}
