import type { Case } from '../case/case.js'
import { ABN } from './abn.js'
import { ACK } from './ack.js'
import { ACK_MORE } from './ack-more.js'
import { ADM } from './adm.js'
import { BAT } from './bat.js'
import { CAP } from './cap.js'
import { CAP_COMBINED } from './cap-combined.js'
import { CAP_ERRORS } from './cap-errors.js'
import { CHK } from './chk.js'
import { CHN } from './chn.js'
import { CON } from './con.js'
import { CRS } from './crs.js'
import { CRS_CHILDREN } from './crs-children.js'
import { DCL } from './dcl.js'
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
import { FRM } from './frm.js'
import { FRN } from './frn.js'
import { GEN } from './gen.js'
import { GEN_TRANSFER } from './gen-transfer.js'
import { GRP } from './grp.js'
import { HIS } from './his.js'
import { HLD } from './hld.js'
import { HND } from './hnd.js'
import { JRN } from './jrn.js'
import { KEY } from './key.js'
import { LEK } from './lek.js'
import { LFO } from './lfo.js'
import { LIF } from './lif.js'
import { LIF_CLOSING } from './lif-closing.js'
import { LSE } from './lse.js'
import { LSE_HOLDING } from './lse-holding.js'
import { LSE_MORE } from './lse-more.js'
import { LSE_PARTITION } from './lse-partition.js'
import { LSS } from './lss.js'
import { LSS_ALONE } from './lss-alone.js'
import { LSS_COUNTED } from './lss-counted.js'
import { NCK } from './nck.js'
import { NCK_MORE } from './nck-more.js'
import { NET } from './net.js'
import { NET_PROXY } from './net-proxy.js'
import { OBS } from './obs.js'
import { OPN } from './opn.js'
import { OUT } from './out.js'
import { PBT } from './pbt.js'
import { PER } from './per.js'
import { PLC } from './plc.js'
import { PRE } from './pre.js'
import { PRI } from './pri.js'
import { PSN } from './psn.js'
import { PUB } from './pub.js'
import { PUB_MORE } from './pub-more.js'
import { PUB_OUTCOMES } from './pub-outcomes.js'
import { REF } from './ref.js'
import { RPL } from './rpl.js'
import { RST } from './rst.js'
import { RST_BROKER } from './rst-broker.js'
import { RST_STORE } from './rst-store.js'
import { RTN } from './rtn.js'
import { RTN_ENDS } from './rtn-ends.js'
import { RTY } from './rty.js'
import { RTY_CROSSING } from './rty-crossing.js'
import { RTY_LADDER } from './rty-ladder.js'
import { SEQ } from './seq.js'
import { SHD } from './shd.js'
import { SHD_CHILDREN } from './shd-children.js'
import { SHD_MORE } from './shd-more.js'
import { SMK } from './smk.js'
import { SUB } from './sub.js'
import { SUB_MORE } from './sub-more.js'
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
  ...ACK_MORE,
  ...ADM,
  ...BAT,
  ...CAP,
  ...CAP_COMBINED,
  ...CAP_ERRORS,
  ...CHK,
  ...CHN,
  ...CON,
  ...CRS,
  ...CRS_CHILDREN,
  ...DCL,
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
  ...FRM,
  ...FRN,
  ...GEN,
  ...GEN_TRANSFER,
  ...GRP,
  ...HIS,
  ...HLD,
  ...HND,
  ...JRN,
  ...KEY,
  ...LEK,
  ...LFO,
  ...LIF,
  ...LIF_CLOSING,
  ...LSE,
  ...LSE_HOLDING,
  ...LSE_MORE,
  ...LSE_PARTITION,
  ...LSS,
  ...LSS_COUNTED,
  ...LSS_ALONE,
  ...NCK,
  ...NCK_MORE,
  ...NET,
  ...NET_PROXY,
  ...OBS,
  ...OPN,
  ...OUT,
  ...PBT,
  ...PER,
  ...PLC,
  ...PRE,
  ...PRI,
  ...PSN,
  ...PUB,
  ...PUB_MORE,
  ...PUB_OUTCOMES,
  ...REF,
  ...RPL,
  ...RST,
  ...RST_BROKER,
  ...RST_STORE,
  ...RTN,
  ...RTN_ENDS,
  ...RTY,
  ...RTY_CROSSING,
  ...RTY_LADDER,
  ...SEQ,
  ...SHD,
  ...SHD_MORE,
  ...SHD_CHILDREN,
  ...SMK,
  ...SUB,
  ...SUB_MORE,
  ...WAK,
])
