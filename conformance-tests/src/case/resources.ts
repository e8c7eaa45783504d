/** Sockets, timers and requests that keep this process alive now. */
export const activeResources = (): number => process.getActiveResourcesInfo().length
