/** Visit 这一次: what goes with the window and is never written to the phone: card numbers, new numbers with their codes. */

const PLACE = 'anju.visit'

let held: Record<string, unknown> | null = null

function all(): Record<string, unknown> {
  let kept: string | null = null
  // #ifdef H5
  kept = sessionStorage.getItem(PLACE)
  // #endif
  return (held ??= kept ? (JSON.parse(kept) as Record<string, unknown>) : {})
}

function keep(now: Record<string, unknown>): void {
  held = now
  // #ifdef H5
  sessionStorage.setItem(PLACE, JSON.stringify(now))
  // #endif
}

export const holdForVisit = (place: string, value: unknown) => keep({ ...all(), [place]: value })

export const heldForVisit = (place: string): unknown => all()[place] ?? null

export const heldPlaces = (): string[] => Object.keys(all())

export function dropFromVisit(place: string): void {
  if (!(place in all())) return
  const { [place]: _, ...rest } = all()
  keep(rest)
}

export const forgetVisit = () => keep({})
