import { ActorProcess } from './actor-process.js'
import type { ActorStart } from './order.js'

/** What an actor's process runs; how it begins is its argument. */
const actor = await ActorProcess.begin(JSON.parse(process.argv[2] ?? '') as ActorStart)
await actor.obey()
