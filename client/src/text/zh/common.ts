/** Words of every page 中文. */

import { chineseWords } from './amount'

export const common = {
  words: {
    appName: '安居',
    otherLanguage: 'English',
    otherTag: 'en',
    stop: '。',
    comma: '，',
    back: '返回',
    offline: '网络断开了。连上以后接着办，刚才填的都还在。',
    again: '再试一次',
    stillStuck: '一直不行？拨打',
    someoneAnswers: '，有人接听。',
    opening: '正在打开',
    on: '开',
    off: '关',
    notNow: '先不办',
  },
  yuan: {
    unit: '元',
    sum: (text: string) => `${text} 元`,
    words: (fen: number) => chineseWords(fen),
  },
  dates: {
    day: (year: number, month: number, day: number | null) => `${year}年${month}月${day ? `${day}日` : ''}`,
    short: (month: number, day: number) => `${month}月${day}日`,
    moment: (day: string, time: string) => `${day} ${time}`,
    month: (month: number) => `${month}月`,
    year: (year: number | string) => `${year}年`,
    monthOfYear: (year: string, month: number) => `${year}年${month}月`,
    hour: (hour: number, minute: number) => `${hour < 6 ? '凌晨' : hour < 12 ? '早上' : hour < 18 ? '下午' : '晚上'}${hour > 12 ? hour - 12 : hour}点${minute ? `${minute}分` : ''}`,
  },
  problem: {
    notFound: '没有找到这一页的内容，请回到首页再进一次。',
    tooLarge: '发出的内容太大了，请再试一次。',
    tooFast: '点得有点快，请等一分钟再试。',
    ours: '我们这边出了点问题，请过几分钟再试。没有办成的事不会扣您的钱。',
    notDone: '这一步没有办成，请回到首页再试一次。',
    slow: '网络有点慢，没有等到回话。',
    offline: '网络没有连上。',
    tapAgain: '请看看网络，再点一次；重复点不会重复办。',
    tryAgain: '请看看网络，再试一次。',
    unknown: '这一步没有办成，请再试一次；还不行就拨打 12329。',
    noWeChat: '微信没有回应，请检查网络后再试一次。',
    noViewer: '这部手机没能打开 PDF，请换个手机，或到网点打印。',
  },
  identity: {
    idMissing: '请填写身份证号。',
    idLength: '身份证号是 18 位，最后一位可以是 X。',
    idWrong: '身份证号好像有一位写错了，请对着身份证再看一遍。',
    nameMissing: '请填写姓名。',
    nameLong: '姓名太长了，请和身份证上写得一样。',
    phoneMissing: '请填写手机号。',
    phoneWrong: '手机号是 11 位，1 开头，请再看一遍。',
  },
}
