/** English 英文: the same keys as the Chinese, or it does not compile. */

import { common } from './en/common'
import { face } from './en/face'
import { home } from './en/home'
import { item } from './en/item'
import { mine } from './en/mine'
import { progress } from './en/progress'
import type { Text } from './zh'

export const en: Text = { ...common, ...face, ...home, ...item, ...mine, ...progress }
