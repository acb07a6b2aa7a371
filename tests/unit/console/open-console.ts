/** A console over `AgentData` on a virtual clock, and a client that can lie in every header. */
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingHttpHeaders, request } from 'node:http';
import { request as requestTls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Role } from '../../../agent/console/access/role.ts';
import type { TokenScope } from '../../../agent/console/access/scope.ts';
import { type Console, type ConsoleOptions, startConsole } from '../../../agent/console/server.ts';
import type { PrivacyConfig } from '../../../agent/core/camera.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Ledger } from '../../../agent/core/view.ts';
import { AgentData } from '../../support/agent-data.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

/** A hundred records, of which the city has most. */
export const CITY_LEDGER: Ledger = {
  uplink: 'city',
  connected: true,
  epoch: 'e1',
  stored: 100,
  acknowledged: 90,
  refused: 1,
  dropped: 2,
  backlog: 7,
  resent: 4,
  heads: { alarm: 0, event: 10, meter: 20, telemetry: 70, bulk: 0 },
};

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly bytes: Buffer;
}

export interface Asking {
  /** Another door than the local one: `https://127.0.0.1:8443`. */
  readonly at?: string | undefined;
  /** Address of loopback it comes from. */
  readonly from?: string | undefined;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

/** Asks a console as a program would, with exactly these headers. */
export function askConsole(
  path: string,
  { method = 'GET', headers = {}, body, at, from }: Asking & { readonly at: string },
): Promise<Answer> {
  const { protocol, hostname, port, host } = new URL(at);
  // Who vouches for a made certificate is tested by itself.
  const tls = protocol === 'https:' ? { rejectUnauthorized: false } : {};
  const size = body === undefined ? {} : { 'content-length': `${Buffer.byteLength(body)}` };
  return new Promise((resolve, reject) => {
    const asked = (protocol === 'https:' ? requestTls : request)(
      {
        ...tls,
        ...(from === undefined ? {} : { localAddress: from }),
        hostname: hostname.replace(/^\[|\]$/g, ''),
        port,
        path,
        method,
        agent: false,
        headers: { host, ...size, ...headers },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const bytes = Buffer.concat(chunks);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: bytes.toString('utf8'),
            bytes,
          });
        });
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

export interface Person extends Record<string, string> {
  readonly cookie: string;
  readonly 'x-kerbside-key': string;
}

export class TestConsole implements AsyncDisposable {
  readonly clock: VirtualClock;
  readonly agent: AgentData;
  readonly console: Console;
  readonly stateDir: string;

  constructor(clock: VirtualClock, agent: AgentData, opened: Console, stateDir: string) {
    this.clock = clock;
    this.agent = agent;
    this.console = opened;
    this.stateDir = stateDir;
  }

  /** Asks as a program would, with exactly these headers. */
  ask(path: string, asking: Asking = {}): Promise<Answer> {
    return askConsole(path, { ...asking, at: asking.at ?? this.console.url });
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}, at?: string): Promise<Answer> {
    return this.ask(path, {
      at,
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }

  /** Headers of a logged-in person. */
  login(role: Role = 'administrator', at?: string): Promise<Person> {
    return this.enter(pathOf(this.console.link(role)), at);
  }

  /** The same by a path with a code. */
  async enter(path: string, at?: string): Promise<Person> {
    const answer = await this.ask(path, { at });
    const [cookie = ''] = (answer.headers['set-cookie']?.[0] ?? '').split(';');
    return { cookie, 'x-kerbside-key': answer.headers.location?.split('#key=')[1] ?? '' };
  }

  /** Headers of a program. */
  async token(
    role: Role,
    name = `test-${role}`,
    scopes?: readonly TokenScope[],
  ): Promise<{ authorization: string }> {
    return { authorization: `Bearer ${await this.console.issueToken(name, role, scopes)}` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.console[Symbol.asyncDispose]();
    await rm(this.stateDir, { recursive: true, force: true });
  }
}

export function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return `${pathname}${search}`;
}

type Choice =
  | 'listen'
  | 'remote'
  | 'service'
  | 'programs'
  | 'uptime'
  | 'system'
  | 'log'
  | 'signal'
  | 'memory';

export interface Opening extends Partial<Pick<ConsoleOptions, Choice>> {
  readonly preview?: boolean;
  readonly rate?: number;
  readonly privacy?: PrivacyConfig;
  /** Instead of an empty one, which is removed at the end. */
  readonly stateDir?: string;
}

export async function openConsole(opening: Opening = {}): Promise<TestConsole> {
  const { preview = true, rate = 1, privacy, stateDir: kept, ...options } = opening;
  const clock = new VirtualClock(undefined, rate);
  const { remote, service } = options;
  const site = {
    ...(privacy === undefined ? {} : { privacy }),
    console: {
      ...{ host: '127.0.0.1', port: 0 },
      ...(remote === undefined ? {} : { remote }),
      ...(service === undefined ? {} : { service }),
    },
  };
  const agent = new AgentData({ clock, preview, rate, ...site });
  const stateDir = kept ?? (await mkdtemp(join(tmpdir(), 'kerbside-console-')));
  const opened = await startConsole({
    view: agent,
    clock,
    log: silent,
    listen: { host: '127.0.0.1', port: 0 },
    stateDir,
    signal: new AbortController().signal,
    ...options,
  });
  return new TestConsole(clock, agent, opened, stateDir);
}
