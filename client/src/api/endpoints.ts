/** Endpoints 接口: every call the client makes, by what it is for. */

import { again, get, post, postOnce, remove } from './client'
import type {
  Application, AuditRow, Card, CardCode, Certificate, ClientConfig, Consent, ConsentText, FaceData, FaceSession, FaceVerdict, FrameUpload,
  Home, ItemDetail, Loan, OtherWay, Prompt, Quote, SessionInfo, WeChatFaceSession,
} from './types'

export type Form = Record<string, unknown>

const WAIT_S = 15
const WAIT_LIMIT_MS = (WAIT_S + 10) * 1000

/** Lists come as an array or as {items|<name>: array}; both read the same. */
async function list<T>(path: string, name: string): Promise<T[]> {
  const body = await get<T[] | Record<string, T[]>>(path)
  return Array.isArray(body) ? body : body[name] ?? body.items ?? []
}

export const readConfig = () => get<ClientConfig>('/client-config')
/** What WeChat asks for before a page may use its calls; the address goes without its #. */
export const readSignature = (url: string) =>
  get<{ appid: string; timestamp: string; nonce: string; signature: string }>(`/jssdk-config?url=${encodeURIComponent(url)}`)
/** End this session; WeChat opens another when it is asked. */
export const logOut = () => post<void>('/auth/logout')
export const readSession = () => get<SessionInfo>('/session')
export const readHome = () => get<Home>('/home')

export const readLoans = () => list<Loan>('/loans', 'loans')

export const askSmsCode = (body: { name: string; id_no: string; phone: string }) =>
  post<{ challenge_id: string; expires_at: string; resend_after_s: number }>('/bind/sms-code', body)
export const bind = (body: { challenge_id: string; code: string; device_key?: JsonWebKey }) =>
  post<{ display_name: string; access_token?: string; refresh_token?: string }>('/bind', body)

/** In the mini-program: WeChat tells the server the number, by the code its button gave. */
export const bindByPhone = (body: { name: string; id_no: string; code: string }) =>
  post<{ display_name: string; access_token?: string; refresh_token?: string }>('/bind/mini-phone', body, 20000)
export const unbind = (channel: 'h5' | 'mini') => remove(`/session/binding?channel=${channel}`)

export const readItem = (code: string) => get<ItemDetail>(`/items/${code}`)
export const quote = (code: string, form: Form) => post<Quote>(`/items/${code}/quote`, form)
/** A code to a number that is to be the member's. */
export const askPhoneCode = (code: string, phone: string) =>
  post<{ challenge_id: string; expires_at: string; resend_after_s: number }>(`/items/${code}/codes`, { phone })
export const apply = (code: string, form: Form, key: string) =>
  postOnce<Application>(`/items/${code}/applications`, form, key)

export const readConsentText = (kind: string) => get<ConsentText>(`/consents/texts/${kind}`)
export const giveConsent = (body: { kind: string; text_version: string; item_code?: string; application_id?: string }) =>
  post<{ consent_id: string }>('/consents', body)
export const readConsents = () => list<Consent>('/consents', 'consents')
export const readFaceData = () => get<FaceData>('/face-data')
export const deleteFaceData = () => remove('/face-data')
export const withdrawConsent = (id: string) => remove(`/consents/${id}`)

export const readApplications = () => list<Application>('/applications', 'applications')
export const readApplication = (id: string) => get<Application>(`/applications/${id}`)
/** Answers when the application has changed since that version, or after a while. */
export const awaitApplication = (id: string, version: number) =>
  get<Application>(`/applications/${id}?wait_s=${WAIT_S}&since_version=${version}`, WAIT_LIMIT_MS)
export const cancelApplication = (id: string) => post<Application>(`/applications/${id}/cancel`)
export const confirmApplication = (id: string, faceSessionId: string, key: string) =>
  postOnce<Application>(`/applications/${id}/confirm`, { face_session_id: faceSessionId }, key)

/** Ways to prove who one is without a face, for this application. */
export const readOtherWays = (id: string) => list<OtherWay>(`/applications/${id}/other-ways`, 'ways')
/** The bank confirms the card first, which may take a while; then a code goes to the phone on record. */
export const askCardCode = (id: string) => post<CardCode>(`/applications/${id}/card-sms`, {}, 25000)
export const confirmByCard = (id: string, challengeId: string, code: string, key: string) =>
  postOnce<Application>(`/applications/${id}/card-sms/confirm`, { challenge_id: challengeId, code }, key)

export const openFaceSession = (applicationId: string, consentId: string) =>
  post<FaceSession>(`/applications/${applicationId}/face-sessions`, { consent_id: consentId })
/** In the mini-program WeChat takes the face: the answer holds what its screen needs. */
export const openWeChatFace = (applicationId: string, consentId: string) =>
  post<WeChatFaceSession>(`/applications/${applicationId}/face-sessions`, { consent_id: consentId, method: 'wechat' }, 25000)
/** WeChat's screen is over; how it went the server asks WeChat. */
export const reportReturned = (sessionId: string) =>
  again(() => post<FaceVerdict>(`/face-sessions/${sessionId}/returned`, {}, 25000))
export const sendFrames = (sessionId: string, body: { batch: number; frames: FrameUpload[]; device_signature: string }) =>
  post<{ received: number; prompt: Prompt; complete: boolean }>(`/face-sessions/${sessionId}/frames`, body, 15000)
export const awaitVerdict = (sessionId: string) =>
  get<FaceVerdict>(`/face-sessions/${sessionId}?wait_s=${WAIT_S}`, WAIT_LIMIT_MS)

export const readCards = () => list<Card>('/cards', 'cards')
export const readCertificates = () => list<Certificate>('/certificates', 'certificates')
/** What the member answered when WeChat asked whether we may write. */
export const tellConsents = (answers: { template: string; accepted: boolean }[]) => post<void>('/notices/consents', { taps: answers })
export const readAuditLog = () => list<AuditRow>('/audit-log', 'entries')
