/** `2001:12`: the network behind a router and the MAC of a device there, a number or hex digits behind 0x. */

const ADDRESS = /^(\d{1,5}):(?:(\d{1,3})|0x((?:[0-9A-Fa-f]{2}){1,7}))$/;
const LAST_NETWORK = 65_534;

/** Undefined for a device at the line's address itself, and for what is no address. */
export function remoteOf(
  address: number | string | undefined,
): { readonly net: number; readonly adr: readonly number[] } | undefined {
  const [, network, mac, hex] = ADDRESS.exec(String(address ?? '')) ?? [];
  const net = Number(network);
  if (network === undefined || net < 1 || net > LAST_NETWORK) return undefined;
  if (hex !== undefined) return { net, adr: [...Buffer.from(hex, 'hex')] };
  return Number(mac) > 255 ? undefined : { net, adr: [Number(mac)] };
}
