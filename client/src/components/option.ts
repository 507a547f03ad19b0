/** Option 选项: one of the things to choose from. */
export interface Option {
  value: string
  text: string
  note?: string
  disabled?: boolean
}
