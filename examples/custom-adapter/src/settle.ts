import { appendErrors, type Settled, type Settlement, type Token } from '@pluribus/core/driver'
import { after, type Database } from './database.ts'

/** Settles; answers the tokens whose deliveries are not ours any more. Within a transaction. */
export function settle(database: Database, { acks, others }: Settled, now: number): readonly Token[] {
  const { sql } = database
  return [
    ...acks.filter(token => sql.run`DELETE FROM deliveries WHERE token = ${Number(token)}`.changes === 0),
    ...others.filter(settlement => !end(database, settlement, now)).map(({ token }) => token),
  ]
}

/** Ends a delivery other than by an ack; answers whether it was still ours. */
function end({ sql, next }: Database, settlement: Settlement, now: number): boolean {
  const row = sql.get`
    UPDATE deliveries SET token = NULL, session = NULL, until = ${now} WHERE token = ${Number(settlement.token)} RETURNING *`
  if (row === undefined || settlement.kind === 'release') return row !== undefined
  const { subscription = null, seq = null } = row
  const isRetry = settlement.kind === 'retry'
  const errors = appendErrors(JSON.parse(String(row.errors)), isRetry ? [settlement.error] : settlement.errors)
  const [attempts, until] = isRetry
    ? [Number(row.attempts) + 1, after(now, settlement.delay)]
    : [settlement.attempts, now]
  const [reason, place] = isRetry ? [null, Number(row.place)] : [settlement.reason, next()]
  sql.run`
    UPDATE deliveries
    SET attempts = ${attempts}, until = ${until}, errors = ${JSON.stringify(errors)}, reason = ${reason}, place = ${place}
    WHERE subscription = ${subscription} AND seq = ${seq}`
  return true
}
