// Where an HTTP client is, as calls carry it: `10.0.0.1:4711`, `[::1]:4711`, "" when that is not known. Pure.

/** The client's end of its connection to the proxy. */
export interface ClientAddress {
  /** IPv4 or IPv6, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** The text; "" when the client is gone. */
export function formatClient(host: string | undefined, port: number | undefined): string {
  if (host === undefined || port === undefined) return "";
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Inverse of `formatClient`; undefined for "". */
export function parseClient(client: string): ClientAddress | undefined {
  const colon = client.lastIndexOf(":");
  if (colon === -1) return undefined;
  const host = client.slice(0, colon);
  return { host: host.startsWith("[") ? host.slice(1, -1) : host, port: Number(client.slice(colon + 1)) };
}
