import { expect, it } from 'vitest'
import { idNoFault, maskPhone, nameFault, phoneFault, tidyIdNo } from '@/lib/identity'

// 11010519491231002X is the example of GB 11643.
it.each(['11010519491231002X', '11010519491231002x', ' 110105 19491231 002X '])('takes %j', (text) => expect(idNoFault(text)).toBeNull())
it.each(['', '110105194912310021', '11010519491231002', '1101051949123100２X'])('refuses %j', (text) => expect(idNoFault(text)).not.toBeNull())

it('writes X in capital', () => expect(tidyIdNo('11010519491231002x')).toBe('11010519491231002X'))
it.each(['13800000001', '138 0000 0001'])('takes the phone %s', (text) => expect(phoneFault(text)).toBeNull())
it.each(['', '1380000000', '23800000001', '+8613800000001'])('refuses the phone %j', (text) => expect(phoneFault(text)).not.toBeNull())
it('takes minority names', () => expect(nameFault('阿卜杜拉·买买提')).toBeNull())
it('masks a phone', () => expect(maskPhone('13800000001')).toBe('138****0001'))
