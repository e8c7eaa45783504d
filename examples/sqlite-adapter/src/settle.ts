import type { SQLOutputValue } from 'node:sqlite'
import { appendErrors, type ErrorRecord, type Settlement, type Token } from '@pluribus/core/driver'
import type { Database } from './database.ts'
import { FileClock } from './file-clock.ts'

/** Ends a delivery other than by an ack, within a transaction; answers whether its lease was still held. */
export function settle({ sql }: Database, settlement: Settlement, now: number): boolean {
  const token = numberOf(settlement.token)
  const row = sql.get`SELECT * FROM deliveries WHERE token = ${token} AND until > ${now}`
  if (row === undefined) return false
  if (settlement.kind === 'release') {
    sql.run`
      UPDATE deliveries SET token = NULL, session = NULL, marked = 0, until = ${now} WHERE token = ${token}`
  } else if (settlement.kind === 'retry') {
    sql.run`
      UPDATE deliveries SET token = NULL, session = NULL, marked = 0, until = ${FileClock.after(now, settlement.delay)},
        attempts = attempts + 1, losses = 0, marks = 0, errors = ${joined(row, [settlement.error])}
      WHERE token = ${token}`
  } else {
    const { reason, attempts, errors } = settlement
    sql.run`
      INSERT INTO dead (subscription, seq, reason, errors, attempts, losses, time)
      SELECT subscription, seq, ${reason}, ${joined(row, errors)}, ${attempts}, losses, ${now}
      FROM deliveries WHERE token = ${token}`
    sql.run`DELETE FROM deliveries WHERE token = ${token}`
  }
  return true
}

/** Ours are numbers; what is not one of ours is held by nobody. */
export const numberOf = (token: Token): number => (typeof token === 'number' ? token : 0)

const joined = (row: Record<string, SQLOutputValue>, later: readonly ErrorRecord[]): string => {
  const earlier: readonly ErrorRecord[] = JSON.parse(String(row.errors))
  return JSON.stringify(appendErrors(earlier, later))
}
