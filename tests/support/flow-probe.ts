/** Catches what flows send: a server that `http request` nodes post their messages to. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { vi } from 'vitest';

export interface Caught {
  readonly at: string;
  readonly msg: Record<string, unknown>;
}

export interface FlowProbe extends AsyncDisposable {
  readonly caught: readonly Caught[];
  /** Nodes of a tab that post a message to here under a name; wire to the first. */
  nodes(tab: string, name: string): readonly [string, object, object];
  /** The messages under a name as soon as there are so many, since `from`. */
  wait(name: string, least?: number, from?: number): Promise<readonly Record<string, unknown>[]>;
}

export async function openFlowProbe(): Promise<FlowProbe> {
  const caught: Caught[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      caught.push({
        at: request.url?.slice(1) ?? '',
        msg: JSON.parse(Buffer.concat(chunks).toString('utf8')),
      });
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const of = (name: string, from: number) => caught.slice(from).filter(({ at }) => at === name);
  return {
    caught,
    nodes: (tab, name) => [
      `${tab}-${name}-pack`,
      {
        id: `${tab}-${name}-pack`,
        type: 'function',
        z: tab,
        func: 'const { _msgid, ...rest } = msg; return { payload: JSON.parse(JSON.stringify(rest)) };',
        outputs: 1,
        wires: [[`${tab}-${name}-post`]],
      },
      {
        id: `${tab}-${name}-post`,
        type: 'http request',
        z: tab,
        method: 'POST',
        ret: 'txt',
        url: `http://127.0.0.1:${port}/${name}`,
        wires: [[]],
      },
    ],
    wait: async (name, least = 1, from = 0) => {
      await vi.waitUntil(() => of(name, from).length >= least, { timeout: 30_000, interval: 20 });
      return of(name, from).map(({ msg }) => msg);
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
