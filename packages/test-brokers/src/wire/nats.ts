import { converse, type Wire } from './wire.ts'

/** Asks JetStream about itself: a NATS server accepts connections whether it has JetStream or not. */
export const probeJetStream = (port: number): Promise<void> =>
  converse(port, async wire => {
    wire.write('CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n')
    wire.write('SUB probe 1\r\nPUB $JS.API.INFO probe 0\r\n\r\n')
    const answer: unknown = JSON.parse(await nextMessage(wire))
    if (typeof answer !== 'object' || answer === null || 'error' in answer)
      throw new Error(`JetStream says ${JSON.stringify(answer)}`)
  })

async function nextMessage(wire: Wire): Promise<string> {
  for (;;) {
    const line = await wire.line()
    if (line.startsWith('-ERR')) throw new Error(`NATS says ${line}`)
    // With headers comes only the word that nobody answers.
    if (line.startsWith('HMSG')) throw new Error('JetStream does not answer yet.')
    if (line.startsWith('MSG')) return (await wire.read(Number(line.split(' ').at(-1)))).toString()
  }
}
