import type { Case } from '../case/case.js'
import { ACK } from './ack.js'
import { CAP } from './cap.js'
import { CON } from './con.js'
import { DLQ } from './dlq.js'
import { DLY } from './dly.js'
import { FAN } from './fan.js'
import { FIF } from './fif.js'
import { GRP } from './grp.js'
import { HIS } from './his.js'
import { KEY } from './key.js'
import { LEK } from './lek.js'
import { LFO } from './lfo.js'
import { LSE } from './lse.js'
import { NCK } from './nck.js'
import { OBS } from './obs.js'
import { PBT } from './pbt.js'
import { PRE } from './pre.js'
import { PRI } from './pri.js'
import { REF } from './ref.js'
import { RPL } from './rpl.js'
import { RTY } from './rty.js'
import { SMK } from './smk.js'

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
  ...CAP,
  ...CON,
  ...DLQ,
  ...DLY,
  ...FAN,
  ...FIF,
  ...GRP,
  ...HIS,
  ...KEY,
  ...LEK,
  ...LFO,
  ...LSE,
  ...NCK,
  ...OBS,
  ...PBT,
  ...PRE,
  ...PRI,
  ...REF,
  ...RPL,
  ...RTY,
  ...SMK,
])
