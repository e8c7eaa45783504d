import type { Case } from '../case/case.js'
import { ACK } from './ack.js'
import { ADM } from './adm.js'
import { BAT } from './bat.js'
import { CAP } from './cap.js'
import { CAP_COMBINED } from './cap-combined.js'
import { CAP_ERRORS } from './cap-errors.js'
import { DDP } from './ddp.js'
import { DLQ } from './dlq.js'
import { FID } from './fid.js'
import { FID_MORE } from './fid-more.js'
import { FIF } from './fif.js'
import { HIS } from './his.js'
import { LFO } from './lfo.js'
import { LIF } from './lif.js'
import { LIF_CLOSING } from './lif-closing.js'
import { LSE } from './lse.js'
import { NCK } from './nck.js'
import { PER } from './per.js'
import { PRI } from './pri.js'
import { PUB } from './pub.js'
import { PUB_MORE } from './pub-more.js'
import { PUB_OUTCOMES } from './pub-outcomes.js'
import { REF } from './ref.js'
import { RTY } from './rty.js'
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
  ...ADM,
  ...BAT,
  ...CAP,
  ...CAP_COMBINED,
  ...CAP_ERRORS,
  ...DDP,
  ...DLQ,
  ...FID,
  ...FID_MORE,
  ...FIF,
  ...HIS,
  ...LFO,
  ...LIF,
  ...LIF_CLOSING,
  ...LSE,
  ...NCK,
  ...PER,
  ...PRI,
  ...PUB,
  ...PUB_MORE,
  ...PUB_OUTCOMES,
  ...REF,
  ...RTY,
  ...SUB,
  ...SUB_MORE,
])
