/** Plots 图: how tall each bar stands, where the marks of the axis are, and what a plot says to those who hear it. */

import { t } from '@/text'

export type Look = 'solid' | 'hatch' | 'soft'

export interface Segment {
  fen: number
  look: Look
}

/** One bar: what stands above the line and what hangs below it, each from the line outwards. */
export interface Bar {
  key: string
  label: string
  up: Segment[]
  down: Segment[]
}

export interface Drawn {
  key: string
  label: string
  up: { look: Look; percent: number }[]
  down: { look: Look; percent: number }[]
}

export interface Plot {
  bars: Drawn[]
  /** Part of the height above the line, in percent. */
  above: number
  top: number
  bottom: number
}

const STEPS = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]
const sum = (segments: Segment[]) => segments.reduce((total, segment) => total + segment.fen, 0)
const round = (value: number) => Math.round(value * 100) / 100

/** The least round number that is not below the value: 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 × 10ⁿ; 0 stays 0. */
export function roundUp(value: number): number {
  if (value <= 0) return 0
  const power = 10 ** Math.floor(Math.log10(value))
  return power * (STEPS.find((step) => step * power >= value) ?? 10)
}

/** Heights in percent of each side; both sides have one scale. */
export function plotOf(bars: Bar[]): Plot {
  const top = roundUp(Math.max(0, ...bars.map((bar) => sum(bar.up))))
  const bottom = roundUp(Math.max(0, ...bars.map((bar) => sum(bar.down))))
  const side = (segments: Segment[], most: number) =>
    segments.filter((segment) => segment.fen > 0).map(({ look, fen }) => ({ look, percent: round((fen / most) * 100) }))
  return {
    bars: bars.map(({ key, label, up, down }) => ({ key, label, up: side(up, top), down: side(down, bottom) })),
    above: top + bottom ? round((top / (top + bottom)) * 100) : 100,
    top,
    bottom,
  }
}

/** Characters that fit under a plot on the narrowest phone: in ordinary print, in large, in the largest and at 200 %. */
const ROOM = { plain: 20, large: 12, largest: 8 }

/** Which bars carry their label, so that the labels do not run into each other: every second, third, fifth … */
export function labelled(labels: string[], large = false, largest = false): (index: number) => boolean {
  const count = labels.length
  const most = Math.max(1, Math.floor((largest ? ROOM.largest : large ? ROOM.large : ROOM.plain) / Math.max(1, ...labels.map((label) => label.length))))
  const every = [1, 2, 3, 5, 10, 20, 50, 100].find((step) => Math.ceil(count / step) <= most) ?? count
  return (index) => index % every === 0
}

/** A mark of the axis in few characters: "2,000", "1.5万", "120万". */
export function markText(fen: number): string {
  const yuan = fen / 100
  if (yuan >= 10000) return t.yuan.tenThousands(round(yuan / 10000))
  return String(round(yuan)).replace(/\B(?=(\d{3})+(?!\d))/g, ',')
}

/** How far along, in whole percent: 100 only when all is done, 0 only when nothing is. */
export function percentOf(part: number, whole: number): number {
  if (part <= 0 || whole <= 0) return 0
  return part >= whole ? 100 : Math.min(99, Math.max(1, Math.round((part / whole) * 100)))
}
