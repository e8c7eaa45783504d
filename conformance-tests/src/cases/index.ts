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
import { DLY_MORE } from './dly-more.js'
import { ERR } from './err.js'
import { ERR_CODES } from './err-codes.js'
import { FAN } from './fan.js'
import { FID } from './fid.js'
import { FID_MORE } from './fid-more.js'
import { FIF } from './fif.js'
import { FIF_MORE } from './fif-more.js'
import { GRP } from './grp.js'
import { GRP_MORE } from './grp-more.js'
import { HIS } from './his.js'
import { HIS_MORE } from './his-more.js'
import { HND } from './hnd.js'
import { KEY } from './key.js'
import { KEY_MORE } from './key-more.js'
import { LEK } from './lek.js'
import { LFO } from './lfo.js'
import { LFO_MORE } from './lfo-more.js'
import { LIF } from './lif.js'
import { LIF_CLOSING } from './lif-closing.js'
import { LSE } from './lse.js'
import { LSE_HOLDING } from './lse-holding.js'
import { LSE_MORE } from './lse-more.js'
import { NCK } from './nck.js'
import { NCK_MORE } from './nck-more.js'
import { OBS } from './obs.js'
import { PBT } from './pbt.js'
import { PBT_MORE } from './pbt-more.js'
import { PER } from './per.js'
import { PRE } from './pre.js'
import { PRE_MORE } from './pre-more.js'
import { PRI } from './pri.js'
import { PRI_DURABLE } from './pri-durable.js'
import { PRI_MORE } from './pri-more.js'
import { PUB } from './pub.js'
import { PUB_MORE } from './pub-more.js'
import { PUB_OUTCOMES } from './pub-outcomes.js'
import { REF } from './ref.js'
import { RPL } from './rpl.js'
import { RPL_MORE } from './rpl-more.js'
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
  ...DLY_MORE,
  ...ERR,
  ...ERR_CODES,
  ...FAN,
  ...FID,
  ...FID_MORE,
  ...FIF,
  ...FIF_MORE,
  ...GRP,
  ...GRP_MORE,
  ...HIS,
  ...HIS_MORE,
  ...HND,
  ...KEY,
  ...KEY_MORE,
  ...LEK,
  ...LFO,
  ...LFO_MORE,
  ...LIF,
  ...LIF_CLOSING,
  ...LSE,
  ...LSE_HOLDING,
  ...LSE_MORE,
  ...NCK,
  ...NCK_MORE,
  ...OBS,
  ...PBT,
  ...PBT_MORE,
  ...PER,
  ...PRE,
  ...PRE_MORE,
  ...PRI,
  ...PRI_DURABLE,
  ...PRI_MORE,
  ...PUB,
  ...PUB_MORE,
  ...PUB_OUTCOMES,
  ...REF,
  ...RPL,
  ...RPL_MORE,
  ...RTY,
  ...RTY_CROSSING,
  ...RTY_LADDER,
  ...SHD,
  ...SHD_MORE,
  ...SMK,
  ...SUB,
  ...SUB_MORE,
])
