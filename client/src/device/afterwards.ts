/** Afterwards 之后: what the first page does not need waits until it stands, so that it does not take the line from it. */

const SOON_MS = 1500

export function afterwards(work: () => void): void {
  const idle = window.requestIdleCallback ?? ((done: () => void) => setTimeout(done, 1))
  const start = () => setTimeout(() => idle(work), SOON_MS)
  if (document.readyState === 'complete') start()
  else addEventListener('load', start, { once: true })
}
