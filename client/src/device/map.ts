/** Maps 地图: WeChat's own where the page runs in it, else the phone's by a geo: address. */

import type { ServicePoint } from '@/api/controls'
// #ifdef H5
import { allowed, sdk } from './jweixin'
// #endif

interface Place {
  latitude: number
  longitude: number
  name: string
  address: string
  scale: number
}

/** Show a counter on a map. */
export async function openMap(point: ServicePoint): Promise<void> {
  const place: Place = { latitude: Number(point.latitude), longitude: Number(point.longitude), name: point.name, address: point.address, scale: 16 }
  // #ifdef H5
  const known = /MicroMessenger/i.test(navigator.userAgent) && (await allowed())
  const geo = () => window.location.assign(`geo:${point.latitude},${point.longitude}?q=${encodeURIComponent(point.address)}`)
  const open = known ? sdk()?.openLocation : undefined
  if (open) open({ ...place, fail: geo })
  else geo()
  // #endif
  // #ifndef H5
  uni.openLocation(place)
  // #endif
}
