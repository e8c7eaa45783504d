import type { Case } from '../case/case.js'
import { ABN } from './abn.js'
import { ACK } from './ack.js'
import { CAP } from './cap.js'
import { CHK } from './chk.js'
import { CHN } from './chn.js'
import { CRS } from './crs.js'
import { CRS_CHILDREN } from './crs-children.js'
import { DCL } from './dcl.js'
import { DLQ } from './dlq.js'
import { FIF } from './fif.js'
import { FRM } from './frm.js'
import { FRN } from './frn.js'
import { GEN } from './gen.js'
import { GEN_TRANSFER } from './gen-transfer.js'
import { HIS } from './his.js'
import { HLD } from './hld.js'
import { LFO } from './lfo.js'
import { LSE } from './lse.js'
import { LSS } from './lss.js'
import { LSS_COUNTED } from './lss-counted.js'
import { NCK } from './nck.js'
import { NET } from './net.js'
import { NET_PROXY } from './net-proxy.js'
import { OPN } from './opn.js'
import { OUT } from './out.js'
import { PLC } from './plc.js'
import { PRI } from './pri.js'
import { PSN } from './psn.js'
import { REF } from './ref.js'
import { RST } from './rst.js'
import { RST_BROKER } from './rst-broker.js'
import { RST_STORE } from './rst-store.js'
import { RTN } from './rtn.js'
import { RTY } from './rty.js'
import { WAK } from './wak.js'

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
  ...ABN,
  ...ACK,
  ...CAP,
  ...CHK,
  ...CHN,
  ...CRS_CHILDREN,
  ...CRS,
  ...DCL,
  ...DLQ,
  ...FIF,
  ...FRM,
  ...FRN,
  ...GEN_TRANSFER,
  ...GEN,
  ...HIS,
  ...HLD,
  ...LFO,
  ...LSE,
  ...LSS_COUNTED,
  ...LSS,
  ...NCK,
  ...NET_PROXY,
  ...NET,
  ...OPN,
  ...OUT,
  ...PLC,
  ...PRI,
  ...PSN,
  ...REF,
  ...RST_BROKER,
  ...RST_STORE,
  ...RST,
  ...RTN,
  ...RTY,
  ...WAK,
])
