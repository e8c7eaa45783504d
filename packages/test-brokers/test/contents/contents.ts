/** Stores something durable in a server, and looks whether it is there: each once per server, in its own protocol. */
export interface Contents {
  store(port: number): Promise<void>
  isThere(port: number): Promise<boolean>
}
