import { converse, type Wire } from './wire.ts'

const METADATA = 3
const METADATA_VERSION = 1

/** Asks for the cluster's brokers: one that has not been admitted by its controller yet is not among them. */
export const probeKafka = (port: number): Promise<void> =>
  converse(port, async wire => {
    // Of no topic: an empty array.
    const answer = await ask(wire, METADATA, METADATA_VERSION, int32(0))
    const brokers = answer.readInt32BE(0)
    if (brokers < 1) throw new Error('Kafka has admitted no broker yet.')
  })

/** One request, and the body of its response. The versions used are those whose headers have no tagged fields. */
export async function ask(wire: Wire, api: number, version: number, body: Uint8Array): Promise<Buffer> {
  // size(4) api(2) version(2) correlation(4) client(2 + length)
  const request = Buffer.concat([int16(api), int16(version), int32(1), text('probe'), body])
  wire.write(Buffer.concat([int32(request.length), request]))
  const size = (await wire.read(4)).readInt32BE(0)
  return (await wire.read(size)).subarray(4)
}

/** A string with its length before it. */
export const text = (value: string): Buffer => Buffer.concat([int16(value.length), Buffer.from(value)])

export function int16(value: number): Buffer {
  const buffer = Buffer.alloc(2)
  buffer.writeInt16BE(value)
  return buffer
}

export function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeInt32BE(value)
  return buffer
}
