/** Guidance 引导: what to do about where the face is, how bright it is, who else is there. It helps; the server alone judges. */

export type Hint = 'none' | 'far' | 'near' | 'aside' | 'many' | 'dark' | 'bright' | 'still'

/** A face in the picture, as parts of its long side. */
export interface Face {
  x: number
  y: number
  width: number
}

export interface Look {
  faces: Face[]
  /** Mean grey of the face, or of the middle of the picture where there is none: 0 to 255. */
  light: number
  /** Width and height of the picture as parts of its long side. */
  wide: number
  high: number
}

/** A little inside what the judge takes (its calibration file), so that who follows the guidance passes there. */
const LEAST_WIDTH = 0.22
const MOST_WIDTH = 0.62
const MOST_ASIDE = 0.2
const DARK = 55
const BRIGHT = 225
const MOST_MOVE = 0.12
/** A smaller face behind is not somebody looking in. */
const SECOND_SHARE = 0.5

const middle = (face: Face) => ({ x: face.x + face.width / 2, y: face.y + face.width / 2 })

function moved(now: Face, before: Face): boolean {
  const [here, there] = [middle(now), middle(before)]
  return Math.hypot(here.x - there.x, here.y - there.y) > MOST_MOVE
}

/** The one thing to change first; null when all is well. */
export function hintOf(look: Look, before: Look | null = null): Hint | null {
  const [face, ...others] = [...look.faces].sort((a, b) => b.width - a.width)
  if (look.light < DARK) return 'dark'
  if (!face) return look.light > BRIGHT ? 'bright' : 'none'
  if (others.some((one) => one.width > SECOND_SHARE * face.width)) return 'many'
  if (face.width < LEAST_WIDTH) return 'far'
  if (face.width > MOST_WIDTH) return 'near'
  const at = middle(face)
  if (Math.abs(at.x - look.wide / 2) > MOST_ASIDE || Math.abs(at.y - look.high / 2) > MOST_ASIDE) return 'aside'
  if (look.light > BRIGHT) return 'bright'
  return before?.faces.length === 1 && moved(face, before.faces[0]) ? 'still' : null
}

/** Says a hint once it has held for two looks, and takes it back as slowly: words that flicker help nobody. */
export class Steady {
  hint: Hint | null = null
  private last: Hint | null = null
  private held = 0

  see(hint: Hint | null): Hint | null {
    this.held = hint === this.last ? this.held + 1 : 1
    this.last = hint
    if (this.held >= 2) this.hint = hint
    return this.hint
  }

  /** All was well in two looks on end. */
  get well(): boolean {
    return this.last === null && this.held >= 2
  }
}
