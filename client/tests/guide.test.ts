import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { beyondHelp, CameraProblem, phoneOf } from '@/face/camera'
import { Finder, lightOf } from '@/face/finder'
import { hintOf, Steady, type Face, type Hint, type Look } from '@/face/guide'

/** A picture of 4:3 with a face of the given width in its middle, moved by (x, y). */
const face = (width: number, x = 0, y = 0): Face => ({ x: 0.5 - width / 2 + x, y: 0.375 - width / 2 + y, width })
const look = (faces: Face[], light = 120): Look => ({ faces, light, wide: 1, high: 0.75 })

describe('what to do about the picture', () => {
  it.each<[string, Look, Hint | null]>([
    ['a face in the middle', look([face(0.4)]), null],
    ['no face', look([]), 'none'],
    ['a small face', look([face(0.15)]), 'far'],
    ['a face over all', look([face(0.7)]), 'near'],
    ['a face at the side', look([face(0.3, 0.25)]), 'aside'],
    ['a face below', look([face(0.3, 0, 0.25)]), 'aside'],
    ['somebody looking in', look([face(0.4), face(0.25, 0.3)]), 'many'],
    ['a small face far behind', look([face(0.4), face(0.15, 0.3)]), null],
    ['a dark room', look([face(0.4)], 40), 'dark'],
    ['darkness, where nothing is found', look([], 20), 'dark'],
    ['light into the camera', look([], 240), 'bright'],
  ])('%s', (_name, picture, hint) => expect(hintOf(picture)).toBe(hint))

  it('asks to hold still when the face jumps, not when it drifts', () => {
    expect(hintOf(look([face(0.4, 0.15)]), look([face(0.4)]))).toBe('still')
    expect(hintOf(look([face(0.4, 0.05)]), look([face(0.4)]))).toBeNull()
  })

  it('says a hint only once it has held, and is well only after two good looks', () => {
    const steady = new Steady()
    expect([steady.see('dark'), steady.see('dark'), steady.see(null), steady.well]).toEqual([null, 'dark', 'dark', false])
    expect([steady.see(null), steady.well, steady.see('far'), steady.well]).toEqual([null, true, null, false])
  })
})

describe('finding faces', () => {
  const PORTRAIT = JSON.parse(readFileSync(new URL('./portrait.json', import.meta.url), 'utf8')) as { wide: number; high: number; grey: string }
  const grey = Buffer.from(PORTRAIT.grey, 'base64')
  const { wide, high } = PORTRAIT

  /** RGBA of a grey picture, read through `at`. */
  function pixels(at: (x: number, y: number) => number): Uint8Array {
    const found = new Uint8Array(wide * high * 4)
    for (let y = 0; y < high; y++) for (let x = 0; x < wide; x++) found.fill(at(x, y), 4 * (y * wide + x), 4 * (y * wide + x) + 3)
    return found
  }
  const whole = (x: number, y: number) => grey[y * wide + x]

  it('finds the one, and nothing where nothing is, one after the other', () => {
    const finder = new Finder()
    const one = finder.look(pixels(whole), wide, high)
    expect(one.faces).toHaveLength(1)
    expect(hintOf(one)).toBeNull()
    expect(finder.look(pixels(() => 110), wide, high).faces).toEqual([])
    expect(hintOf(finder.look(pixels((x, y) => whole(x, y) / 6), wide, high))).toBe('dark')
    expect(finder.look(pixels(whole), wide, high).faces).toHaveLength(1)
  })

  it('measures the light of the face, or of the middle', () => {
    const half = Uint8Array.from({ length: 120 * 90 }, (_, at) => (at % 120 < 60 ? 200 : 50))
    expect(lightOf(half, 120, 90, { x: 0.1, y: 0.1, width: 0.2 })).toBe(200)
    expect(lightOf(half, 120, 90, null)).toBeCloseTo(125, -1)
  })
})

describe('without a camera', () => {
  it('knows the phone whose settings are told', () => {
    expect(phoneOf('Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) MicroMessenger/8.0.50')).toBe('ios')
    expect(phoneOf('Mozilla/5.0 (Linux; Android 14; V2309A) MicroMessenger/8.0.50')).toBe('android')
    expect(phoneOf('Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome')).toBe('other')
  })

  it('puts the other way first only where trying again cannot help', () => {
    expect((['denied', 'missing', 'busy', 'unsupported'] as const).map((fault) => beyondHelp(new CameraProblem(fault)))).toEqual([false, true, false, true])
    expect(beyondHelp(new Error('else'))).toBe(false)
  })
})
