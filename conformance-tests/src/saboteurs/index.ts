import { ACKING } from './acking.js'
import { ADMINISTERING } from './administering.js'
import { ALTERING } from './altering.js'
import { CLAIMING } from './claiming.js'
import { CLOSING } from './closing.js'
import { CORRUPTING } from './corrupting.js'
import { DECLARING } from './declaring.js'
import { DELAYING } from './delaying.js'
import { DYING } from './dying.js'
import { ENVELOPE } from './envelope.js'
import { GENERATIONS } from './generations.js'
import { HISTORIES } from './histories.js'
import { IDS } from './ids.js'
import { JOURNALLING } from './journalling.js'
import { LEASING } from './leasing.js'
import { LOG_FLOORS } from './log-floors.js'
import { LOG_HANDING_OUT } from './log-handing-out.js'
import { LOSING } from './losing.js'
import { ORDERING } from './ordering.js'
import { OUTAGES } from './outages.js'
import { PLACES } from './places.js'
import { PUBLISHING } from './publishing.js'
import { REDRIVING } from './redriving.js'
import { RETRYING } from './retrying.js'
import type { Saboteur } from './saboteur.js'
import { SEQUENCING } from './sequencing.js'
import { SETTLING } from './settling.js'
import { SHARING } from './sharing.js'
import { STARTING } from './starting.js'
import { STORING } from './storing.js'
import { SUBSCRIBING } from './subscribing.js'
import { URGENCY } from './urgency.js'
import { WAKING } from './waking.js'

/**
 * Every broken adapter.
 *
 * @example
 * ```ts
 * import { SABOTEURS } from '@pluribus/conformance/saboteurs'
 *
 * const names = SABOTEURS.map(({ name }) => name)
 * ```
 */
export const SABOTEURS: readonly Saboteur[] = Object.freeze([
  ...ACKING,
  ...ADMINISTERING,
  ...ALTERING,
  ...CLAIMING,
  ...CLOSING,
  ...CORRUPTING,
  ...DECLARING,
  ...DELAYING,
  ...DYING,
  ...ENVELOPE,
  ...GENERATIONS,
  ...HISTORIES,
  ...IDS,
  ...JOURNALLING,
  ...LEASING,
  ...LOG_FLOORS,
  ...LOG_HANDING_OUT,
  ...LOSING,
  ...ORDERING,
  ...OUTAGES,
  ...PLACES,
  ...PUBLISHING,
  ...REDRIVING,
  ...RETRYING,
  ...SEQUENCING,
  ...SETTLING,
  ...SHARING,
  ...STARTING,
  ...STORING,
  ...SUBSCRIBING,
  ...URGENCY,
  ...WAKING,
])
