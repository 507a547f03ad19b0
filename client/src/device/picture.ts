/** Pictures 拍照选图: choose some, and make them small enough for a slow line. */

const LONG_SIDE = 2400
const QUALITY = 0.85

/** Up to `most` pictures from camera or album; none when the member changes their mind. */
export function choosePictures(most: number): Promise<string[]> {
  return new Promise((resolve) => {
    uni.chooseImage({
      count: most,
      sizeType: ['compressed'],
      sourceType: ['camera', 'album'],
      success: (chosen) => resolve(([] as string[]).concat(chosen.tempFilePaths)),
      fail: () => resolve([]),
    })
  })
}

/** A smaller JPEG of the picture; the picture itself where it cannot be drawn. */
export async function shrink(path: string): Promise<string | File> {
  // #ifdef H5
  try {
    const image = new Image()
    image.src = path
    await image.decode()
    const scale = Math.min(1, LONG_SIDE / Math.max(image.naturalWidth, image.naturalHeight))
    const canvas = document.createElement('canvas')
    canvas.width = Math.round(image.naturalWidth * scale)
    canvas.height = Math.round(image.naturalHeight * scale)
    const pen = canvas.getContext('2d')!
    pen.fillStyle = '#fff'
    pen.fillRect(0, 0, canvas.width, canvas.height)
    pen.drawImage(image, 0, 0, canvas.width, canvas.height)
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', QUALITY))
    return blob ? new File([blob], 'picture.jpg', { type: 'image/jpeg' }) : path
  } catch {
    return path
  }
  // #endif
  // #ifndef H5
  return path
  // #endif
}
