/** What a URL's scheme means. */
export interface Scheme {
  /** The package that has the adapter: imported when it is needed, never named by the URL itself. */
  readonly package: string
  /** Whether the URL names servers (`scheme://host/…`) or a folder or name (`scheme:path`). */
  readonly kind: 'server' | 'path'
  /** A legal URL, for messages. */
  readonly example: string
}

const server = (name: string, example: string): Scheme => ({ package: `@pluribus/${name}`, kind: 'server', example })

/**
 * The fixed table of schemes. A URL is data: it selects from these packages and can name no other.
 */
export const SCHEMES: ReadonlyMap<string, Scheme> = new Map([
  ['memory', { package: '@pluribus/memory', kind: 'path', example: 'memory:' }],
  ['file', { package: '@pluribus/file', kind: 'path', example: 'file:./data' }],
  ['redis', server('redis', 'redis://localhost:6379')],
  ['rediss', server('redis', 'rediss://redis.example.com:6380')],
  ['postgres', server('postgres', 'postgres://localhost:5432/shop')],
  ['postgresql', server('postgres', 'postgresql://localhost:5432/shop')],
  ['kafka', server('kafka', 'kafka://localhost:9092')],
  ['nats', server('nats', 'nats://localhost:4222')],
  ['amqp', server('rabbitmq', 'amqp://localhost:5672')],
  ['amqps', server('rabbitmq', 'amqps://rabbit.example.com:5671')],
])
