/** Early 先问: the answer that build/first-page.ts asked for while this script was still on its way. */

export interface Early {
  status: number
  body: unknown
}

/** Taken once, for the first reading of home; nothing when it was not asked for or the line failed. */
export async function earlyAnswer(method: string, path: string): Promise<Early | null> {
  const page = window as Window & { anjuEarly?: Promise<Early> }
  if (method !== 'GET' || path !== '/home' || !page.anjuEarly) return null
  const asked = page.anjuEarly
  delete page.anjuEarly
  return asked.catch(() => null)
}
