import { EMPTY_HEADERS, type Headers, type StoredMessage } from '@pluribus/core/driver'

/** What a message carries beside itself. */
export interface Carried {
  /** Remembered by the server: the same again within its window is stored once. */
  readonly dedup?: string
  /** Milliseconds until it becomes due. */
  readonly delay?: number
  /** Where it stood before it was due. */
  readonly origin?: number
  /** The subject's last position must be this one; 0: there must be none. */
  readonly after?: number
}

/** What can stand in no header, or not at its ends: control characters, blanks, and what encoded text begins with. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const UNSAFE = /[\u0000-\u001f\u007f]|^\s|\s$|^base64:/
const ENCODED = 'base64:'
const SAFE_NAME = /^[\w.-]+$/
const JSON_TYPE = 'application/json'
const FIRST_LINE = 'NATS/1.0\r\n'
const USER = 'h-'
/** A name that no header may have. */
const ENCODED_USER = 'h64-'
/** How a block begins that says that the payload is text. JSON is so anyway, and need not say it. */
export const TEXT = `${FIRST_LINE}pluribus-text: 1\r\n`

const toHeader = (text: string): string => (UNSAFE.test(text) ? ENCODED + Buffer.from(text).toString('base64') : text)

const ofHeader = (text: string): string =>
  text.startsWith(ENCODED) ? Buffer.from(text.slice(ENCODED.length), 'base64').toString() : text

/** A header that is mostly the same as in the message before. */
class Recurring {
  readonly #name: string
  #value = ''
  #line: string

  constructor(name: string) {
    this.#name = name
    this.#line = `${name}: \r\n`
  }

  line(value: string): string {
    if (value !== this.#value) {
      this.#line = `${this.#name}: ${toHeader(value)}\r\n`
      this.#value = value
    }
    return this.#line
  }
}

const SOURCES = new Recurring('ce-source')
const TYPES = new Recurring('content-type')

/** The last time that was written or read: those of a batch are the same. */
let lastTime = 0
let lastDate = new Date(0).toISOString()

function dateOf(time: number): string {
  if (time !== lastTime) {
    lastDate = new Date(time).toISOString()
    lastTime = time
  }
  return lastDate
}

function timeOf(date: string, otherwise: number): number {
  if (date === lastDate) return lastTime
  const time = Date.parse(date)
  if (Number.isNaN(time)) return otherwise
  lastDate = date
  lastTime = time
  return time
}

/** The header block of a message, as text: names of CloudEvents, what is usual left out, the publisher's own with `h-` before them. */
export function headersOf(message: StoredMessage, carried: Carried): string {
  const { key, priority, version, contentType, headers, correlationId, causationId } = message
  const isText = contentType !== JSON_TYPE && typeof message.payload === 'string'
  let text = isText ? TEXT : FIRST_LINE
  text += `ce-id: ${toHeader(message.id)}\r\n${SOURCES.line(message.source)}ce-time: ${dateOf(message.time)}\r\n`
  if (contentType !== JSON_TYPE) text += TYPES.line(contentType)
  if (key !== undefined) text += `ce-key: ${toHeader(key)}\r\n`
  if (priority !== 0) text += `ce-priority: ${priority}\r\n`
  if (version !== 1) text += `ce-dataversion: ${version}\r\n`
  if (correlationId !== undefined) text += `ce-correlationid: ${toHeader(correlationId)}\r\n`
  if (causationId !== undefined) text += `ce-causationid: ${toHeader(causationId)}\r\n`
  if (headers !== EMPTY_HEADERS) text += userHeaders(headers)
  return block(text, carried)
}

/** The header block of what is no message. */
export const bareHeaders = (carried: Carried): string => block(FIRST_LINE, carried)

function userHeaders(headers: Headers): string {
  let text = ''
  for (const name of Object.keys(headers)) {
    const written = SAFE_NAME.test(name) ? USER + name : ENCODED_USER + Buffer.from(name).toString('base64url')
    text += `${written}: ${toHeader(headers[name] as string)}\r\n`
  }
  return text
}

function block(start: string, { dedup, delay, origin, after }: Carried): string {
  let text = start
  if (dedup !== undefined) text += `Nats-Msg-Id: ${toHeader(dedup)}\r\n`
  if (after !== undefined) text += `Nats-Expected-Last-Subject-Sequence: ${after}\r\n`
  if (delay !== undefined) text += `pluribus-delay: ${delay}\r\n`
  if (origin !== undefined) text += `pluribus-origin: ${origin}\r\n`
  return `${text}\r\n`
}

/** The status of a message that the server itself sends, such as 404; 0 where it has none. */
export function statusOf(text: string): number {
  return text.startsWith('NATS/1.0 ') ? Number.parseInt(text.slice(9), 10) || 0 : 0
}

/** One header, by its name as the server writes it. */
export function headerOf(text: string, name: string): string | undefined {
  const at = text.indexOf(`\r\n${name}: `)
  if (at < 0) return undefined
  const from = at + name.length + 4
  return text.slice(from, text.indexOf('\r\n', from))
}

/** A whole number in a header; undefined for anything else. */
export function numberOf(text: string, name: string): number | undefined {
  const found = headerOf(text, name)
  return found !== undefined && /^\d{1,15}$/.test(found) ? Number(found) : undefined
}

/** What is read with a message. */
export interface Decoded {
  readonly message: StoredMessage
  /** Where it stood before it was due. */
  readonly origin: number | undefined
}

/** Where a message was found. */
export interface Found {
  readonly topic: string
  readonly position: number
  /** When the server stored it, in milliseconds since the epoch. */
  readonly time: number
}

type Writable = { -readonly [Name in keyof StoredMessage]: StoredMessage[Name] }

/** A message of ours, or what can be made of a foreign one: nothing in its headers is believed that is not sound. */
export function decode(text: string, payload: Uint8Array, { topic, position, time }: Found): StoredMessage {
  const message: Writable = {
    id: '',
    topic,
    payload,
    contentType: JSON_TYPE,
    key: undefined,
    priority: 0,
    headers: EMPTY_HEADERS,
    time,
    source: '',
    version: 1,
    correlationId: undefined,
    causationId: undefined,
  }
  let at = text.indexOf('\r\n') + 2
  while (at > 1 && at < text.length) {
    const end = text.indexOf('\r\n', at)
    if (end <= at) break
    // What all of ours have.
    if (text.startsWith('ce-id: ', at)) message.id = ofHeader(text.slice(at + 7, end))
    else if (text.startsWith('ce-source: ', at)) message.source = ofHeader(text.slice(at + 11, end))
    else if (text.startsWith('ce-time: ', at)) message.time = timeOf(text.slice(at + 9, end), message.time)
    else readLine(message, text, at, end)
    at = end + 2
  }
  if (message.id === '') message.id = `nats-${position}`
  if (text.startsWith(TEXT)) message.payload = Buffer.from(payload).toString()
  return message
}

function readLine(message: Writable, text: string, at: number, end: number): void {
  const colon = text.indexOf(':', at)
  if (colon <= at || colon >= end) return
  const from = text.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1
  read(message, text.slice(at, colon), text.slice(from, end))
}

function read(message: Writable, name: string, value: string): void {
  switch (name) {
    case 'ce-id':
      message.id = ofHeader(value)
      break
    case 'ce-source':
      message.source = ofHeader(value)
      break
    case 'ce-time':
      message.time = timeOf(value, message.time)
      break
    case 'content-type':
      if (value !== '') message.contentType = ofHeader(value)
      break
    case 'ce-key':
      message.key = ofHeader(value)
      break
    case 'ce-priority':
      message.priority = whole(value, 0, 255) ?? 0
      break
    case 'ce-dataversion':
      message.version = whole(value, 1, Number.MAX_SAFE_INTEGER) ?? 1
      break
    case 'ce-correlationid':
      message.correlationId = ofHeader(value)
      break
    case 'ce-causationid':
      message.causationId = ofHeader(value)
      break
    default:
      if (name.startsWith(USER)) readUser(message, name.slice(USER.length), value)
      else if (name.startsWith(ENCODED_USER)) {
        readUser(message, Buffer.from(name.slice(ENCODED_USER.length), 'base64url').toString(), value)
      }
  }
}

function readUser(message: Writable, name: string, value: string): void {
  if (message.headers === EMPTY_HEADERS) message.headers = Object.create(null)
  const headers = message.headers as Record<string, string>
  headers[name] = ofHeader(value)
}

function whole(text: string, min: number, max: number): number | undefined {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  return number >= min && number <= max ? number : undefined
}
