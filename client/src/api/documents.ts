/** Documents 材料: pictures added to an application. */

import { get, remove, upload } from './client'

export interface DocumentRow {
  document_id: string
  width: number
  height: number
  created_at: string
  removable: boolean
  url: string
}

export interface DocumentList {
  documents: DocumentRow[]
  most: number
  open: boolean
  /** What staff ask for, until a picture has come after it. */
  wanted: { text: string; asked_at: string } | null
}

const place = (applicationId: string) => `/applications/${applicationId}/documents`

export const readDocuments = (applicationId: string) => get<DocumentList>(place(applicationId))
export const addDocument = (applicationId: string, picture: string | File) =>
  upload<DocumentRow>(place(applicationId), picture)
export const removeDocument = (applicationId: string, documentId: string) =>
  remove(`${place(applicationId)}/${documentId}`)
