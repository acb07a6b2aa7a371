/**
 * Answers for `kerbside.local` by multicast DNS (RFC 6762) while the service link is open, on each interface with the
 * addresses that are good there, and to nobody who is not on the same link.
 */
import { isIPv4 } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';
import type { Log } from '../../core/log.ts';

/** An interface with the addresses of ours that the service link takes connections on. */
export interface Link {
  readonly name: string;
  readonly addresses: readonly NetworkInterfaceInfo[];
}

export interface NamesOptions {
  readonly names: readonly string[];
  readonly links: readonly Link[];
  readonly log: Log;
  /** 5353, but in tests. */
  readonly port?: number;
}

/** Seconds a name is kept by who asked (RFC 6762 §10). */
const TTL = 120;
/** Port of multicast DNS; who asks from another one wants the answer for itself (§6.7). */
const PORT = 5353;

interface Question {
  readonly name: string;
  readonly type: string;
}

/** Answers until it is disposed. What cannot be joined is left out; gives how many interfaces it answers on. */
export async function answerNames(options: NamesOptions): Promise<Disposable & { readonly on: number }> {
  const { names, links, log, port = PORT } = options;
  // Loaded where there is a service link, while it is open.
  const { default: multicastDns } = await import('multicast-dns');
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const stack = new DisposableStack();
  let on = 0;
  for (const { name, addresses } of links) {
    for (const { address, netmask } of firstOfEachFamily(addresses)) {
      const four = isIPv4(address);
      const mdns = multicastDns(
        four
          ? { interface: address, bind: '0.0.0.0', port, reuseAddr: true }
          : { type: 'udp6', ip: 'ff02::fb', interface: `::%${name}`, bind: '::', port, reuseAddr: true },
      );
      stack.defer(() => mdns.destroy());
      mdns.on('error', (error: Error) =>
        log.warn('service.names_failed', { interface: name, error: error.message }),
      );
      mdns.on('warning', () => {});
      mdns.on('query', ({ questions }: { readonly questions: readonly Question[] }, from) => {
        if (!(four ? sameNetwork(from.address, address, netmask) : from.address.endsWith(`%${name}`))) return;
        const answers = questions.flatMap((question) => answersTo(question, wanted, addresses));
        if (answers.length === 0) return;
        if (from.port === PORT) mdns.respond({ answers });
        else mdns.respond({ answers }, { address: from.address, port: from.port });
      });
      on += 1;
    }
  }
  return { on, [Symbol.dispose]: () => stack.dispose() };
}

function answersTo(
  { name, type }: Question,
  wanted: ReadonlySet<string>,
  addresses: readonly NetworkInterfaceInfo[],
) {
  if (!wanted.has(name.toLowerCase())) return [];
  return addresses
    .map(({ address }) => ({
      type: isIPv4(address) ? ('A' as const) : ('AAAA' as const),
      data: address.replace(/%.*$/, ''),
    }))
    .filter((record) => type === 'ANY' || type === record.type)
    .map((record) => ({ name, ttl: TTL, flush: true, ...record }));
}

function firstOfEachFamily(addresses: readonly NetworkInterfaceInfo[]): readonly NetworkInterfaceInfo[] {
  return ['IPv4', 'IPv6'].flatMap((family) => addresses.find((one) => one.family === family) ?? []);
}

/** Whether an IPv4 address lies in the network of ours. */
export function sameNetwork(one: string, other: string, netmask: string): boolean {
  const bits = (text: string) => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const mask = bits(netmask);
  // Bit operators are of 32 bits with a sign: both sides get the same.
  return (bits(one) & mask) === (bits(other) & mask);
}
