/** PDF 打开文件: the page goes to it; the mini-program fetches it with its token and gives it to the phone's viewer. */

import { t } from '@/text'

// #ifndef H5
import { download } from '@/api/client'
import { ApiProblem } from '@/api/problem'
// #endif

/** Open a PDF by its address from the host's root. */
export async function openPdf(address: string): Promise<void> {
  // #ifdef H5
  window.location.assign(address)
  // #endif
  // #ifndef H5
  const filePath = await download(address)
  await new Promise<void>((resolve, reject) => {
    uni.openDocument({
      filePath,
      fileType: 'pdf',
      showMenu: true,
      success: () => resolve(),
      fail: () => reject(new ApiProblem('unreadable', 0, 'pdf.viewer', t.problem.noViewer)),
    })
  })
  // #endif
}
