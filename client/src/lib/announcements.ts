/** Announcements 公告: what stands at the top of every page, asked for once a minute at most and never waited for. */

import { shallowRef } from 'vue'
import { readAnnouncements, type Announcement } from '@/api/controls'

const FRESH_MS = 60_000

export const announcements = shallowRef<Announcement[]>([])
let asked = -FRESH_MS

/** Look again when it is time; a line that fails shows what was there. */
export function lookForAnnouncements(): void {
  const now = Date.now()
  if (now - asked < FRESH_MS) return
  asked = now
  readAnnouncements().then(
    (found) => (announcements.value = found.announcements),
    () => (asked = now - FRESH_MS / 2),
  )
}
