/** Finder 找脸: where faces are in the picture of the camera, found on the phone itself. Loaded on the face page only. */

import jsfeat from 'jsfeat'
import cascadeFile from 'jsfeat/cascades/bbf_face.js?raw'
import type { Face, Look } from './guide'

const LONG_SIDE = 120
const SMALLEST = 24
const SCALES = 4

/** The file is a script; its data is JSON between the first and the last brace of the assignment. */
export function cascadeOf(file: string): jsfeat.Cascade {
  return JSON.parse(file.slice(file.indexOf('{"count"'), file.lastIndexOf('};') + 1)) as jsfeat.Cascade
}

/** Mean grey of a square of the picture; of its middle without one. */
export function lightOf(grey: Uint8Array, wide: number, high: number, face: Face | null): number {
  const size = Math.round(face ? face.width * LONG_SIDE : Math.min(wide, high) / 2)
  const left = Math.round(face ? face.x * LONG_SIDE : (wide - size) / 2)
  const top = Math.round(face ? face.y * LONG_SIDE : (high - size) / 2)
  let [sum, count] = [0, 0]
  for (let y = Math.max(0, top); y < Math.min(high, top + size); y++) {
    for (let x = Math.max(0, left); x < Math.min(wide, left + size); x++) {
      sum += grey[y * wide + x]
      count++
    }
  }
  return count ? sum / count : 0
}

/** Looks at pictures of one size. */
export class Finder {
  private readonly cascade = cascadeOf(cascadeFile)
  private grey: jsfeat.matrix_t | null = null

  constructor() {
    jsfeat.bbf.prepare_cascade(this.cascade)
  }

  /** Faces in RGBA pixels whose long side is 120. */
  look(pixels: Uint8ClampedArray | Uint8Array, wide: number, high: number): Look {
    const grey = this.matrix(wide, high)
    jsfeat.imgproc.grayscale(pixels, wide, high, grey)
    const pyramid = jsfeat.bbf.build_pyramid(grey, SMALLEST, SMALLEST, SCALES)
    const found = jsfeat.bbf.group_rectangles(jsfeat.bbf.detect(pyramid, this.cascade), 1)
    const faces = found.map(({ x, y, width }) => ({ x: x / LONG_SIDE, y: y / LONG_SIDE, width: width / LONG_SIDE }))
    const main = faces.reduce<Face | null>((most, face) => (most && most.width >= face.width ? most : face), null)
    return { faces, light: lightOf(grey.data, wide, high, main), wide: wide / LONG_SIDE, high: high / LONG_SIDE }
  }

  /** The library keeps the first picture of its pyramid: it must be the same matrix each time. */
  private matrix(wide: number, high: number): jsfeat.matrix_t {
    if (this.grey?.cols !== wide || this.grey.rows !== high) {
      this.grey = new jsfeat.matrix_t(wide, high, jsfeat.U8_t | jsfeat.C1_t)
      jsfeat.bbf.build_pyramid(new jsfeat.matrix_t(2 * SMALLEST, 2 * SMALLEST, jsfeat.U8_t | jsfeat.C1_t), SMALLEST, SMALLEST, 1)
    }
    return this.grey
  }
}

/** Looks through the camera's video, whatever its size. */
export function lookThrough(video: HTMLVideoElement): () => Look {
  const finder = new Finder()
  const scale = LONG_SIDE / Math.max(video.videoWidth, video.videoHeight)
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(video.videoWidth * scale)
  canvas.height = Math.round(video.videoHeight * scale)
  const pen = canvas.getContext('2d', { willReadFrequently: true })!
  return () => {
    pen.drawImage(video, 0, 0, canvas.width, canvas.height)
    return finder.look(pen.getImageData(0, 0, canvas.width, canvas.height).data, canvas.width, canvas.height)
  }
}
