/** The city's receiver: `kerbside verify` as a process of its own, listening until it is told to say what it found. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { AGENT_MAIN } from '../agent-child.ts';

/** What `kerbside verify --json` says, as far as the simulator looks at it. */
export interface Verdict {
  readonly balanced: boolean;
  readonly messages: number;
  readonly records: number;
  readonly resent: number;
  readonly missing: number;
  readonly awaited: number;
  readonly conflicts: number;
  readonly outOfOrder: number;
  /** Delivered late by the broker, after its receiver or a node was gone. */
  readonly late: number;
  readonly broken: number;
  readonly gaps: Readonly<Record<string, number>>;
  readonly epochs: readonly { readonly agent: string; readonly epoch: string; readonly chain: string }[];
  /** Agents whose id more than one machine uses. */
  readonly clones: readonly { readonly agent: string; readonly epochs: readonly string[] }[];
  readonly lanes: readonly {
    readonly agent: string;
    readonly lane: string;
    readonly received: number;
    readonly missing: number;
    readonly awaited: number;
    readonly conflicts: number;
    readonly outOfOrder: number;
  }[];
  readonly interruptions: number;
}

export interface Verifier extends AsyncDisposable {
  readonly pid: number;
  /** Records it said last that it has; it says so every few seconds. */
  readonly records: number;
  /** Ends it and gives its verdict. */
  verdict(): Promise<Verdict>;
}

export interface VerifierOptions {
  readonly brokers: readonly string[];
  readonly site: string;
  readonly username?: string;
  readonly passwordFile?: string;
}

/** Resolves when it listens; rejects with what it said where it cannot. */
export async function startVerifier(options: VerifierOptions): Promise<Verifier> {
  const args = [
    'verify',
    '--broker',
    options.brokers.join(','),
    '--site',
    options.site,
    '--complete',
    '--json',
  ];
  if (options.username !== undefined) args.push('--username', options.username);
  if (options.passwordFile !== undefined) args.push('--password-file', options.passwordFile);
  const child = spawn(process.execPath, [AGENT_MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let said = '';
  let records = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const listening = Promise.withResolvers<void>();
  createInterface({ input: child.stderr }).on('line', (line) => {
    said = line;
    if (line.includes('listening')) listening.resolve();
    records = Number(/(\d+) records/.exec(line)?.[1] ?? records);
  });
  const closed = once(child, 'close');
  void closed.then(() => listening.reject(new Error(`kerbside verify ended: ${said}`)));
  await listening.promise;
  return {
    pid: child.pid ?? 0,
    get records() {
      return records;
    },
    async verdict() {
      await end(child, closed, 'SIGINT');
      return JSON.parse(out) as Verdict;
    },
    [Symbol.asyncDispose]: () => end(child, closed, 'SIGKILL'),
  };
}

async function end(child: ChildProcess, closed: Promise<unknown>, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  await closed;
}
