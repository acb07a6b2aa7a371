/** The agent under the soak: a process with the probe in it, and what Linux says of it and its children from outside. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { AGENT_ENV, AGENT_FLAGS, withoutTerminals } from '../../hw-sim/agent-launch.ts';
import { childrenOf } from '../children.ts';
import type { ThreadFacts } from './probe.ts';

const MAIN = new URL('../../agent/main.ts', import.meta.url);
const PROBE = new URL('./probe.ts', import.meta.url);
/** Longest wait for an answer of the probe, ms. */
const PROBE_WITHIN = 15_000;

/** Of the whole process, right after a collection in every thread. */
export interface Collected {
  readonly heap: number;
  readonly external: number;
  readonly arrayBuffers: number;
  readonly timers: number;
  readonly threads: readonly ThreadFacts[];
}

/** Proportional set size, bytes, and what of it is the process's own: neither a file nor shared. */
export interface Memory {
  readonly pss: number;
  readonly own: number;
}

export interface SoakAgent extends AsyncDisposable {
  readonly pid: number;
  readonly link: string;
  memory(): Memory;
  openFiles(): number;
  /** CPU time so far, s. */
  cpu(): number;
  /** Pids of its children, by what they run. */
  nodeRed(): number | undefined;
  /** Undefined where it does not answer. */
  collect(): Promise<Collected | undefined>;
  /** As Ctrl-C. */
  stop(): Promise<void>;
  readonly alive: boolean;
}

/** `log`: file its log lines go to; `probe`: file of the probe. Rejects where it ends before it is ready. */
export async function startSoakAgent(site: string, log: string, probe: string): Promise<SoakAgent> {
  const child = fork(MAIN, ['run', '--site', site], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', ...withoutTerminals(4)],
    env: { ...process.env, ...AGENT_ENV, KERBSIDE_SOAK_PROBE: probe },
    execArgv: [...AGENT_FLAGS, '--expose-gc', `--import=${PROBE.href}`],
  });
  const lines = createWriteStream(log);
  child.stdout?.pipe(lines, { end: false });
  child.stderr?.pipe(lines, { end: false });
  const exited = once(child, 'exit');
  exited.catch(() => {});
  const link = await new Promise<string>((resolve, reject) => {
    child.on('message', (message: { type?: string; link?: string }) => {
      if (message?.type === 'ready') resolve(message.link ?? '');
    });
    child.once('exit', (code) => reject(new Error(`the agent ended with exit code ${code}, see ${log}`)));
  });
  const pid = child.pid ?? 0;
  let heard = 0;
  const stop = async () => {
    await endOf(child, exited);
    lines.end();
  };
  return {
    pid,
    link,
    memory: () => memoryOf(pid),
    openFiles: () => readdirSync(`/proc/${pid}/fd`).length,
    cpu: () => cpuOf(pid),
    nodeRed: () => childrenOf(pid).find((one) => commandOf(one).includes('flows/runtime')),
    get alive() {
      return child.exitCode === null && child.signalCode === null;
    },
    collect: async () => {
      child.kill('SIGUSR2');
      for (const end = performance.now() + PROBE_WITHIN; performance.now() < end; await sleep(100)) {
        const said = existsSync(probe) ? readFileSync(probe, 'utf8').split('\n').slice(0, -1) : [];
        if (said.length <= heard) continue;
        heard = said.length;
        return collected(JSON.parse(said.at(-1) ?? '[]') as ThreadFacts[]);
      }
      return undefined;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function collected(threads: readonly ThreadFacts[]): Collected {
  const sum = (of: (one: ThreadFacts) => number) => threads.reduce((all, one) => all + of(one), 0);
  return {
    heap: sum(({ heap }) => heap),
    external: sum(({ external }) => external),
    arrayBuffers: sum(({ arrayBuffers }) => arrayBuffers),
    timers: sum(({ timers }) => timers),
    threads,
  };
}

async function endOf(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGINT');
  const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exited;
  clearTimeout(late);
}

/** Shared pages count in parts, so that this moves with what others on the machine hold of the same files. */
export function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1024;
  return { pss: bytes('Pss'), own: bytes('Pss_Anon') };
}

/** User and system time of a process (proc_pid_stat(5), fields 14 and 15, in ticks of 10 ms), s. */
export function cpuOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
