/** Renewal 换新: a page left open across a deployment asks for a script whose name is gone. It opens anew where it stands,
 * once; what was typed is on the phone. Where only the line is bad, it waits for the line. */

const PLACE = 'anju.renewed'
/** A second failure so soon is no matter of an old page. */
const AGAIN_MS = 60_000
const SCRIPT = /<script[^>]*type="module"[^>]*src="([^"]+)"/

/** How many fetches are under way whose failure hurts nobody. */
let ahead = 0

/** Fetch something that can be done without; a failure here leaves the page as it is. */
export async function fetchAhead<T>(fetching: () => Promise<T>): Promise<T> {
  ahead++
  try {
    return await fetching()
  } finally {
    ahead--
  }
}

function renewedLately(): boolean {
  const at = Number(sessionStorage.getItem(PLACE) ?? 0)
  return Date.now() - at < AGAIN_MS
}

function openAnew(): void {
  sessionStorage.setItem(PLACE, String(Date.now()))
  window.location.reload()
}

/** The script that the server's page starts with now; nothing where it cannot be asked. */
async function served(): Promise<string | null> {
  const answer = await fetch('./', { cache: 'no-cache', credentials: 'same-origin' })
  return answer.ok ? SCRIPT.exec(await answer.text())?.[1] ?? null : null
}

const own = () => document.querySelector('script[type="module"][src]')?.getAttribute('src') ?? null

/** A script that was asked for did not come. */
export async function scriptMissing(): Promise<void> {
  if (ahead || renewedLately()) return
  try {
    const now = await served()
    if (now && now !== own()) openAnew()
  } catch {
    addEventListener('online', openAnew, { once: true })
  }
}

export function renewWhenStale(): void {
  addEventListener('vite:preloadError', () => void scriptMissing())
}
