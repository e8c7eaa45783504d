import type { Case } from '../case/case.js'
import { ACK } from './ack.js'
import { ACK_MORE } from './ack-more.js'
import { ADM } from './adm.js'
import { BAT } from './bat.js'
import { CAP } from './cap.js'
import { CAP_COMBINED } from './cap-combined.js'
import { CAP_ERRORS } from './cap-errors.js'
import { CON } from './con.js'
import { DDP } from './ddp.js'
import { DLQ } from './dlq.js'
import { DLQ_MORE } from './dlq-more.js'
import { DLQ_REDRIVE } from './dlq-redrive.js'
import { DLY } from './dly.js'
import { ERR } from './err.js'
import { ERR_CODES } from './err-codes.js'
import { FAN } from './fan.js'
import { FID } from './fid.js'
import { FID_MORE } from './fid-more.js'
import { FIF } from './fif.js'
import { GRP } from './grp.js'
import { HIS } from './his.js'
import { HND } from './hnd.js'
import { KEY } from './key.js'
import { LEK } from './lek.js'
import { LFO } from './lfo.js'
import { LIF } from './lif.js'
import { LIF_CLOSING } from './lif-closing.js'
import { LSE } from './lse.js'
import { LSE_HOLDING } from './lse-holding.js'
import { LSE_MORE } from './lse-more.js'
import { NCK } from './nck.js'
import { NCK_MORE } from './nck-more.js'
import { OBS } from './obs.js'
import { PBT } from './pbt.js'
import { PER } from './per.js'
import { PRE } from './pre.js'
import { PRI } from './pri.js'
import { PUB } from './pub.js'
import { PUB_MORE } from './pub-more.js'
import { PUB_OUTCOMES } from './pub-outcomes.js'
import { REF } from './ref.js'
import { RPL } from './rpl.js'
import { RTY } from './rty.js'
import { RTY_CROSSING } from './rty-crossing.js'
import { RTY_LADDER } from './rty-ladder.js'
import { SHD } from './shd.js'
import { SHD_MORE } from './shd-more.js'
import { SMK } from './smk.js'
import { SUB } from './sub.js'
import { SUB_MORE } from './sub-more.js'

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
  ...CON,
  ...DDP,
  ...DLQ,
  ...DLQ_MORE,
  ...DLQ_REDRIVE,
  ...DLY,
  ...ERR,
  ...ERR_CODES,
  ...FAN,
  ...FID,
  ...FID_MORE,
  ...FIF,
  ...GRP,
  ...HIS,
  ...HND,
  ...KEY,
  ...LEK,
  ...LFO,
  ...LIF,
  ...LIF_CLOSING,
  ...LSE,
  ...LSE_HOLDING,
  ...LSE_MORE,
  ...NCK,
  ...NCK_MORE,
  ...OBS,
  ...PBT,
  ...PER,
  ...PRE,
  ...PRI,
  ...PUB,
  ...PUB_MORE,
  ...PUB_OUTCOMES,
  ...REF,
  ...RPL,
  ...RTY,
  ...RTY_CROSSING,
  ...RTY_LADDER,
  ...SHD,
  ...SHD_MORE,
  ...SMK,
  ...SUB,
  ...SUB_MORE,
])
