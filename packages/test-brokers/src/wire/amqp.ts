import { converse, type Wire } from './wire.ts'

/** AMQP 0-9-1, section 4.2: `type(1) channel(2) size(4) payload(size) 0xCE`; a method's payload begins with `class(2) method(2)`. */
const METHOD = 1
const FRAME_END = 0xce

/** Opens a connection on the default virtual host: only a node that has booted accepts that. */
export const probeRabbitmq = (port: number): Promise<void> => converse(port, openConnection)

/** Logs in as `guest`, and waits until the virtual host is open. */
export async function openConnection(wire: Wire): Promise<void> {
  wire.write(Buffer.from('AMQP\0\0\x09\x01', 'latin1'))
  await expectMethod(wire, 10, 10)
  // start-ok: no client properties, PLAIN, user and password, locale.
  sendMethod(wire, 0, 10, 11, Buffer.concat([long(0), short('PLAIN'), longString('\0guest\0guest'), short('en_US')]))
  const tune = await expectMethod(wire, 10, 30)
  sendMethod(wire, 0, 10, 31, tune)
  sendMethod(wire, 0, 10, 40, Buffer.concat([short('/'), Buffer.from([0, 0])]))
  await expectMethod(wire, 10, 41)
}

/** Sends a method's frame. */
export function sendMethod(wire: Wire, channel: number, classId: number, method: number, args: Uint8Array): void {
  const frame = Buffer.alloc(11)
  frame.writeUInt8(METHOD, 0)
  frame.writeUInt16BE(channel, 1)
  frame.writeUInt32BE(args.length + 4, 3)
  frame.writeUInt16BE(classId, 7)
  frame.writeUInt16BE(method, 9)
  wire.write(Buffer.concat([frame, args, Buffer.from([FRAME_END])]))
}

/** The arguments of the next method, which must be this one. */
export async function expectMethod(wire: Wire, classId: number, method: number): Promise<Buffer> {
  for (;;) {
    const header = await wire.read(7)
    const body = await wire.read(header.readUInt32BE(3) + 1)
    // Anything else is a heartbeat.
    if (header.readUInt8(0) !== METHOD) continue
    const [gotClass, gotMethod] = [body.readUInt16BE(0), body.readUInt16BE(2)]
    if (gotClass === classId && gotMethod === method) return body.subarray(4, -1)
    throw new Error(
      `RabbitMQ answers ${gotClass}.${gotMethod} where ${classId}.${method} is due: ${body.toString('latin1', 4)}`,
    )
  }
}

/** A string of up to 255 bytes. */
export const short = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)])

function long(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32BE(value)
  return buffer
}

const longString = (text: string): Buffer => Buffer.concat([long(text.length), Buffer.from(text)])
