import { beforeEach, describe, expect, it, vi } from 'vitest'

const visit = new Map<string, string>()
const reload = vi.fn()
const fetched = vi.fn()
const waiting: (() => void)[] = []
vi.stubGlobal('sessionStorage', { getItem: (key: string) => visit.get(key) ?? null, setItem: (key: string, value: string) => visit.set(key, value) })
vi.stubGlobal('window', { location: { reload } })
vi.stubGlobal('fetch', fetched)
vi.stubGlobal('addEventListener', (name: string, heard: () => void) => name === 'online' && waiting.push(heard))
vi.stubGlobal('document', { querySelector: () => ({ getAttribute: () => './assets/index-OLD.js' }) })

const page = (script: string) => ({ ok: true, text: async () => `<script src="./assets/early-1.js" async></script>\n<script type="module" crossorigin src="${script}"></script>` })

beforeEach(() => {
  visit.clear()
  waiting.length = 0
  reload.mockReset()
  fetched.mockReset()
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 22, 6) })
  vi.resetModules()
})

describe('a script that is gone', () => {
  it('opens the page anew when the server has another build, once in a minute', async () => {
    const { scriptMissing } = await import('../src/device/renewal')
    fetched.mockResolvedValue(page('./assets/index-NEW.js'))
    await scriptMissing()
    expect(reload).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(59_000)
    await scriptMissing()
    expect(reload).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(1_001)
    await scriptMissing()
    expect(reload).toHaveBeenCalledTimes(2)
  })

  it('of the build that is still served reloads nothing: a loop would help nobody', async () => {
    const { scriptMissing } = await import('../src/device/renewal')
    fetched.mockResolvedValue(page('./assets/index-OLD.js'))
    await scriptMissing()
    fetched.mockResolvedValue({ ok: false, text: async () => '' })
    await scriptMissing()
    expect(reload).not.toHaveBeenCalled()
  })

  it('for want of a line waits for the line', async () => {
    const { scriptMissing } = await import('../src/device/renewal')
    fetched.mockRejectedValue(new TypeError('Failed to fetch'))
    await scriptMissing()
    expect(reload).not.toHaveBeenCalled()
    waiting.forEach((heard) => heard())
    expect(reload).toHaveBeenCalledTimes(1)
  })

  it('that was only fetched ahead is left alone', async () => {
    const { fetchAhead, scriptMissing } = await import('../src/device/renewal')
    fetched.mockResolvedValue(page('./assets/index-NEW.js'))
    await expect(fetchAhead(() => scriptMissing().then(() => Promise.reject(new Error('gone'))))).rejects.toThrow('gone')
    expect(fetched).not.toHaveBeenCalled()
    await scriptMissing()
    expect(reload).toHaveBeenCalledTimes(1)
  })
})
