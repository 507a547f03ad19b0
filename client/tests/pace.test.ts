import { expect, it } from 'vitest'
import { nextFrameIn } from '@/face/pace'

const pace = { fps: 8, totalMax: 120, reserve: 24 }

it('takes eight a second while a prompt runs', () => expect(nextFrameIn(10, 3, 900, 2000, pace)).toBe(125))
it('slows down when the line is slow', () => expect(nextFrameIn(40, 17, 900, 2000, pace)).toBe(500))
it('slows down when the next prompt is overdue', () => expect(nextFrameIn(40, 0, 3600, 2000, pace)).toBe(500))
it('keeps frames for the prompts to come', () => expect(nextFrameIn(97, 0, 100, 2000, pace)).toBe(500))
it('stops at the limit', () => expect(nextFrameIn(120, 0, 100, 2000, pace)).toBeNull())
