/** Camera 摄像头: the front camera in a video element, and single JPEG frames of it. */

export type CameraFault = 'denied' | 'missing' | 'busy' | 'unsupported'

export class CameraProblem extends Error {
  constructor(readonly fault: CameraFault) {
    super(fault)
  }
}

/** Where the permission is found differs; in WeChat the page itself cannot ask again. */
export function phoneOf(agent: string): 'ios' | 'android' | 'other' {
  if (/iPhone|iPad|iPod/.test(agent)) return 'ios'
  return /Android|HarmonyOS|OpenHarmony/.test(agent) ? 'android' : 'other'
}

/** No camera will come of trying again: the other way goes first. */
export const beyondHelp = (fault: unknown) => fault instanceof CameraProblem && ['missing', 'unsupported'].includes(fault.fault)

const FAULTS: Record<string, CameraFault> = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'missing',
  OverconstrainedError: 'missing',
  NotReadableError: 'busy',
  AbortError: 'busy',
}

export async function openCamera(video: HTMLVideoElement, width: number, height: number): Promise<MediaStream> {
  if (!navigator.mediaDevices?.getUserMedia) throw new CameraProblem('unsupported')
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: 'user', width: { ideal: width }, height: { ideal: height } },
    })
    video.srcObject = stream
    // WeChat on iOS draws nothing until play() is called in the member's own tap.
    await video.play()
    return stream
  } catch (fault) {
    throw new CameraProblem(FAULTS[(fault as Error).name] ?? 'busy')
  }
}

export function closeCamera(stream: MediaStream | null): void {
  stream?.getTracks().forEach((track) => track.stop())
}

/** Takes frames of at most the given size, upright when the phone is, never mirrored. */
export function makeShutter(video: HTMLVideoElement, width: number, height: number, quality: number) {
  const canvas = document.createElement('canvas')
  const upright = video.videoHeight > video.videoWidth
  canvas.width = upright ? Math.min(width, height) : width
  canvas.height = upright ? Math.max(width, height) : height
  const pen = canvas.getContext('2d', { willReadFrequently: true })!

  return async (): Promise<Uint8Array> => {
    const scale = Math.max(canvas.width / video.videoWidth, canvas.height / video.videoHeight)
    const [w, h] = [video.videoWidth * scale, video.videoHeight * scale]
    pen.drawImage(video, (canvas.width - w) / 2, (canvas.height - h) / 2, w, h)
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', quality))
    if (!blob) throw new CameraProblem('busy')
    return new Uint8Array(await blob.arrayBuffer())
  }
}
