import { timingSafeEqual } from 'node:crypto'
import { PluribusError } from '@pluribus/core/driver'
import { encodeFrame, HELLO, MAX_GREETING, WELCOME } from './frame.js'
import { ValueDecoder } from './value-decoder.js'

const MAGIC = 0x504c_5242
const VERSION = 1

/** Characters of a token. */
export const TOKEN_LENGTH = 32

/** What a client says first. */
export const hello = (token: string): Buffer =>
  encodeFrame(HELLO, MAX_GREETING, body => {
    body.u32(MAGIC)
    body.u32(VERSION)
    for (const byte of Buffer.from(token, 'latin1')) body.byte(byte)
  })

/** What a server answers. */
export const welcome = (): Buffer => encodeFrame(WELCOME, MAX_GREETING, body => body.u32(VERSION))

/**
 * Whether a client shows the token. It takes as long for a wrong one as for the right one.
 *
 * @throws PluribusError `DECODING` for what is no greeting; `UNSUPPORTED` for one of another version that shows the token.
 */
export function isGreeting(body: Buffer, token: string): boolean {
  const decoder = new ValueDecoder(body)
  if (decoder.u32() !== MAGIC) throw new PluribusError('DECODING', 'The peer does not speak this protocol.')
  const version = decoder.u32()
  const expected = Buffer.from(token, 'latin1')
  const shown = body.subarray(body.length - expected.length)
  if (body.length !== 8 + expected.length || !timingSafeEqual(shown, expected)) return false
  if (version !== VERSION) throw unsupported(version)
  return true
}

/** @throws PluribusError `UNSUPPORTED` for a server of another version. */
export function readWelcome(body: Buffer): void {
  const version = new ValueDecoder(body).u32()
  if (version !== VERSION) throw unsupported(version)
}

const unsupported = (version: number) =>
  new PluribusError(
    'UNSUPPORTED',
    `The processes of this folder speak versions ${version} and ${VERSION} of its protocol. Give all of them the same version of @pluribus/file.`,
    { details: { version, own: VERSION } },
  )
