import type { Case } from '../case/case.js'
import { ACK } from './ack.js'
import { ACK_MORE } from './ack-more.js'
import { CAP } from './cap.js'
import { DLQ } from './dlq.js'
import { DLQ_MORE } from './dlq-more.js'
import { DLQ_REDRIVE } from './dlq-redrive.js'
import { ERR } from './err.js'
import { ERR_CODES } from './err-codes.js'
import { FIF } from './fif.js'
import { HIS } from './his.js'
import { HND } from './hnd.js'
import { LFO } from './lfo.js'
import { LSE } from './lse.js'
import { LSE_HOLDING } from './lse-holding.js'
import { LSE_MORE } from './lse-more.js'
import { NCK } from './nck.js'
import { NCK_MORE } from './nck-more.js'
import { PRI } from './pri.js'
import { REF } from './ref.js'
import { RTY } from './rty.js'
import { RTY_CROSSING } from './rty-crossing.js'
import { RTY_LADDER } from './rty-ladder.js'
import { SHD } from './shd.js'
import { SHD_MORE } from './shd-more.js'

/**
 * Every case of the suite.
 *
 * @example
 * ```ts
 * import { CASES } from '@pluribus/conformance'
 *
 * const lines = CASES.map(({ id, title, promise }) => `${id} ${title}: ${promise}`)
 * ```
 */
export const CASES: readonly Case[] = Object.freeze([
  ...ACK,
  ...ACK_MORE,
  ...CAP,
  ...DLQ,
  ...DLQ_MORE,
  ...DLQ_REDRIVE,
  ...ERR,
  ...ERR_CODES,
  ...FIF,
  ...HIS,
  ...HND,
  ...LFO,
  ...LSE,
  ...LSE_MORE,
  ...LSE_HOLDING,
  ...NCK,
  ...NCK_MORE,
  ...PRI,
  ...REF,
  ...RTY,
  ...RTY_LADDER,
  ...RTY_CROSSING,
  ...SHD,
  ...SHD_MORE,
])
