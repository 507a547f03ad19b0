/** What is used of jsfeat, which brings no types. */
declare module 'jsfeat' {
  namespace jsfeat {
    const U8_t: number
    const C1_t: number
    interface Cascade {
      count: number
      width: number
      height: number
      stage_classifier: unknown[]
    }
    class matrix_t {
      constructor(cols: number, rows: number, type: number)
      cols: number
      rows: number
      data: Uint8Array
    }
    interface Rect {
      x: number
      y: number
      width: number
      height: number
      neighbors: number
    }
    const imgproc: { grayscale(pixels: ArrayLike<number>, wide: number, high: number, into: matrix_t): void }
    const bbf: {
      prepare_cascade(cascade: Cascade): void
      build_pyramid(picture: matrix_t, minWidth: number, minHeight: number, interval: number): unknown
      detect(pyramid: unknown, cascade: Cascade): Rect[]
      group_rectangles(found: Rect[], least: number): Rect[]
    }
  }
  export default jsfeat
}
