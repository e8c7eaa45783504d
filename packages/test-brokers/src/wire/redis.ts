import { converse } from './wire.ts'

/** PING. While Redis reads what it has stored it answers an error instead. */
export const probeRedis = (port: number): Promise<void> =>
  converse(port, async wire => {
    wire.write('PING\r\n')
    const answer = await wire.line()
    if (answer !== '+PONG') throw new Error(`Redis says ${answer}`)
  })
