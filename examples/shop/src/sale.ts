/** One line of the sales file. */
export interface Sale {
  /** 1 for the first line after the header. */
  readonly line: number
  readonly invoice: string
  readonly stockCode: string
  /** Negative on cancellations and stock corrections. */
  readonly quantity: number
  readonly unitPence: number
  readonly customer: string | null
  readonly country: string
}
