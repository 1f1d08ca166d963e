/** Whether only this machine can reach what has this name or address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || /^127(\.\d{1,3}){3}$|^\[?::1\]?$/.test(host);
}
