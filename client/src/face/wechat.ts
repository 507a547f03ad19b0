/** WeChat's screen 微信刷脸: in the mini-program WeChat takes the face. What it tells the phone is no verdict. */

export type Screen = 'finished' | 'ended' | 'missing'

/** Whether this WeChat has the screen (base library 3.8.12). */
export const hasScreen = () => typeof wx !== 'undefined' && typeof wx.requestFacialVerify === 'function'

/** Open WeChat's screen; resolves when it is over, however it went. */
export function showScreen(verifyId: string): Promise<Screen> {
  if (!hasScreen()) return Promise.resolve('missing')
  return new Promise((resolve) => {
    wx.requestFacialVerify({
      verifyId,
      success: () => resolve('finished'),
      fail: () => resolve('ended'),
    })
  })
}
