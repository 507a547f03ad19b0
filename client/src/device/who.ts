/** Who 认领: what is being typed on the page that binds, kept for this visit only; a reload or a new sign-in loses nothing.
 * An ID number does not lie about on the phone: it goes with the window, and with the binding. */

const PLACE = 'anju.who'

export interface Who {
  name: string
  id_no: string
  phone: string
}

export function keepWho(person: Who): void {
  // #ifdef H5
  sessionStorage.setItem(PLACE, JSON.stringify(person))
  // #endif
}

export function readWho(): Partial<Who> {
  let kept: string | null = null
  // #ifdef H5
  kept = sessionStorage.getItem(PLACE)
  // #endif
  return kept ? (JSON.parse(kept) as Who) : {}
}

export function dropWho(): void {
  // #ifdef H5
  sessionStorage.removeItem(PLACE)
  // #endif
}
