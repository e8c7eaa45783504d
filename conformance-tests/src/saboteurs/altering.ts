import type { Headers, Payload, StoredMessage } from '@pluribus/core/driver'
import { mapMessages } from './map-deliveries.js'
import { defineSaboteurs } from './saboteur.js'

/** What goes wrong with what messages are made of. */
export const ALTERING = defineSaboteurs(
  {
    name: 'a-zero-byte-ends-a-payload',
    of: 'memory',
    breaks: 'A payload is kept up to its first zero byte.',
    caughtBy: 'FID-01',
    says: /whether payloads of .* bytes came back as they were/,
    adapter: inner => mapMessages(inner, ({ payload }) => ({ payload: bytesOf(payload, upToZero) })),
  },
  {
    name: 'payloads-go-through-text',
    of: 'memory',
    breaks: 'Bytes are stored as text: what is not valid UTF-8 is replaced.',
    caughtBy: 'FID-02',
    says: /the bytes that came/,
    adapter: inner =>
      mapMessages(inner, ({ payload }) => ({
        payload: bytesOf(payload, bytes => Buffer.from(bytes.toString('utf8'))),
      })),
  },
  {
    name: 'texts-are-composed',
    of: 'memory',
    breaks: 'Text is brought into Unicode form C.',
    caughtBy: 'FID-03',
    says: /the texts that came as JSON/,
    adapter: inner =>
      mapMessages(inner, ({ payload }) => ({ payload: textOf(payload, text => text.normalize('NFC')) })),
  },
  {
    name: 'numbers-have-fifteen-digits',
    of: 'memory',
    breaks: 'JSON is parsed and written again, with fifteen digits.',
    caughtBy: 'FID-04',
    says: /the values that came/,
    adapter: inner =>
      mapMessages(inner, ({ payload, contentType }) =>
        contentType === 'application/json' ? { payload: textOf(payload, rounded) } : {},
      ),
  },
  {
    name: 'an-empty-key-is-none',
    of: 'memory',
    breaks: 'A message with an empty key comes without one.',
    caughtBy: 'FID-05',
    says: /keys and headers/,
    adapter: inner => mapMessages(inner, ({ key }) => ({ key: key === '' ? undefined : key })),
  },
  {
    name: 'an-empty-payload-is-null',
    of: 'memory',
    breaks: 'A payload of no bytes comes as null.',
    caughtBy: 'PUB-10',
    says: /the empty payload came as null/,
    adapter: inner => mapMessages(inner, ({ payload }) => ({ payload: payload.length === 0 ? 'null' : payload })),
  },
  {
    name: 'header-names-are-lower-cased',
    of: 'memory',
    breaks: 'Names of headers lose their case, as those of HTTP do.',
    caughtBy: 'FID-06',
    says: /the headers of set/,
    adapter: inner =>
      mapMessages(inner, ({ headers }) => ({
        headers: entriesLike(headers, ([name, value]) => [name.toLowerCase(), value]),
      })),
  },
  {
    name: 'headers-are-a-plain-object',
    of: 'memory',
    breaks: 'Headers are copied into an object with a prototype: __proto__ is lost.',
    caughtBy: 'FID-07',
    says: /the headers with the names of members/,
    adapter: inner =>
      mapMessages(inner, ({ headers }) => {
        const copy: Record<string, string> = {}
        for (const name in headers) copy[name] = headers[name] as string
        return { headers: copy }
      }),
  },
  {
    name: 'retries-leave-headers',
    of: 'memory',
    breaks: 'A message that is retried comes with a header that says so.',
    caughtBy: 'FID-09',
    says: /the headers of its three runs/,
    adapter: inner =>
      mapMessages(inner, ({ headers }, { attempt }) =>
        attempt === 1 ? {} : { headers: { ...headers, 'x-attempt': String(attempt) } },
      ),
  },
  {
    name: 'payloads-end-at-the-frame',
    of: 'memory',
    breaks: 'A payload of more than a mebibyte loses its last byte.',
    caughtBy: 'FID-11',
    says: /size and difference of what came/,
    adapter: inner =>
      mapMessages(inner, ({ payload }) => ({ payload: payload.length > 1_048_576 ? payload.slice(0, -1) : payload })),
  },
  {
    name: 'large-headers-are-dropped',
    of: 'memory',
    breaks: 'Headers of more than 32 KiB are left out.',
    caughtBy: 'FID-12',
    says: /headers of \d+ bytes/,
    adapter: inner =>
      mapMessages(inner, ({ headers }) => (JSON.stringify(headers).length > 32_768 ? { headers: {} } : {})),
  },
  {
    name: 'null-in-arrays-is-lost',
    of: 'memory',
    breaks: 'Arrays lose the nulls in them.',
    caughtBy: 'FID-13',
    says: /message \d+ of \d+: /,
    adapter: inner =>
      mapMessages(inner, ({ payload, contentType }) =>
        contentType === 'application/json' ? { payload: textOf(payload, withoutNulls) } : {},
      ),
  },
  {
    name: 'the-content-type-is-forgotten',
    of: 'memory',
    breaks: 'Every message comes as bytes.',
    caughtBy: 'FID-14',
    says: /data and content type/,
    adapter: inner => mapMessages(inner, () => ({ contentType: 'application/octet-stream' })),
  },
  {
    name: 'buffers-are-used-again',
    of: 'memory',
    breaks: 'Payloads are handed out in one buffer, which the next ones overwrite.',
    caughtBy: 'FID-15',
    says: /kept messages no longer show the bytes that were published/,
    adapter(inner) {
      const pool = new Uint8Array(4_096)
      let at = 0
      return mapMessages(inner, ({ payload }) => {
        if (typeof payload === 'string' || payload.length > pool.length) return {}
        if (at + payload.length > pool.length) at = 0
        pool.set(payload, at)
        at += payload.length
        return { payload: pool.subarray(at - payload.length, at) }
      })
    },
  },
  {
    name: 'whole-blocks-lose-a-byte',
    of: 'memory',
    breaks: 'A payload that fills its blocks exactly loses its last byte.',
    caughtBy: 'FID-16',
    says: /the sizes that came/,
    adapter: inner => mapMessages(inner, ({ payload }) => ({ payload: unfilled(payload) })),
  },
)

const bytesOf = (payload: Payload, change: (bytes: Buffer) => Buffer): Payload =>
  typeof payload === 'string' ? payload : new Uint8Array(change(Buffer.from(payload)))

const textOf = (payload: Payload, change: (text: string) => string): Payload =>
  typeof payload === 'string' ? change(payload) : payload

const upToZero = (bytes: Buffer): Buffer => (bytes.includes(0) ? bytes.subarray(0, bytes.indexOf(0)) : bytes)

const rounded = (text: string): string =>
  JSON.stringify(JSON.parse(text, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(15)) : value)))

const withoutNulls = (text: string): string =>
  JSON.stringify(JSON.parse(text, (_, value) => (Array.isArray(value) ? value.filter(item => item !== null) : value)))

const unfilled = (payload: StoredMessage['payload']): Payload =>
  typeof payload !== 'string' && payload.length > 0 && payload.length % 4_096 === 0 ? payload.slice(0, -1) : payload

function entriesLike(
  headers: Headers,
  change: (entry: readonly [string, string]) => readonly [string, string],
): Headers {
  const copy = Object.create(null) as Record<string, string>
  for (const entry of Object.entries(headers)) {
    const [name, value] = change(entry)
    copy[name] = value
  }
  return copy
}
