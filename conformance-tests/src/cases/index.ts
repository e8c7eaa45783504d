import type { Case } from '../case/case.js'
import { ACK_MORE } from './ack-more.js'
import { ACK } from './ack.js'
import { ADM } from './adm.js'
import { BAT } from './bat.js'
import { CAP_COMBINED } from './cap-combined.js'
import { CAP_ERRORS } from './cap-errors.js'
import { CAP } from './cap.js'
import { DDP } from './ddp.js'
import { DLQ_MORE } from './dlq-more.js'
import { DLQ_REDRIVE } from './dlq-redrive.js'
import { DLQ } from './dlq.js'
import { ERR_CODES } from './err-codes.js'
import { ERR } from './err.js'
import { FID_MORE } from './fid-more.js'
import { FID } from './fid.js'
import { FIF } from './fif.js'
import { HIS } from './his.js'
import { HND } from './hnd.js'
import { LFO } from './lfo.js'
import { LIF_CLOSING } from './lif-closing.js'
import { LIF } from './lif.js'
import { LSE_HOLDING } from './lse-holding.js'
import { LSE_MORE } from './lse-more.js'
import { LSE } from './lse.js'
import { NCK_MORE } from './nck-more.js'
import { NCK } from './nck.js'
import { PER } from './per.js'
import { PRI } from './pri.js'
import { PUB_MORE } from './pub-more.js'
import { PUB_OUTCOMES } from './pub-outcomes.js'
import { PUB } from './pub.js'
import { REF } from './ref.js'
import { RTY_CROSSING } from './rty-crossing.js'
import { RTY_LADDER } from './rty-ladder.js'
import { RTY } from './rty.js'
import { SHD_MORE } from './shd-more.js'
import { SHD } from './shd.js'
import { SUB_MORE } from './sub-more.js'
import { SUB } from './sub.js'

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
  ...ADM,
  ...BAT,
  ...CAP,
  ...CAP_COMBINED,
  ...CAP_ERRORS,
  ...DDP,
  ...DLQ,
  ...DLQ_MORE,
  ...DLQ_REDRIVE,
  ...ERR,
  ...ERR_CODES,
  ...FID,
  ...FID_MORE,
  ...FIF,
  ...HIS,
  ...HND,
  ...LFO,
  ...LIF,
  ...LIF_CLOSING,
  ...LSE,
  ...LSE_HOLDING,
  ...LSE_MORE,
  ...NCK,
  ...NCK_MORE,
  ...PER,
  ...PRI,
  ...PUB,
  ...PUB_MORE,
  ...PUB_OUTCOMES,
  ...REF,
  ...RTY,
  ...RTY_CROSSING,
  ...RTY_LADDER,
  ...SHD,
  ...SHD_MORE,
  ...SUB,
  ...SUB_MORE,
])
