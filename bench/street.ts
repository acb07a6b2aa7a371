/** A street and an agent beside it, as processes of their own, for benches of the whole agent. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parse, stringify } from 'yaml';
import { AGENT_ENV, AGENT_FLAGS } from '../hw-sim/agent-launch.ts';

const STREET = new URL('../hw-sim/street.ts', import.meta.url);
const MAIN = new URL('../agent/main.ts', import.meta.url);

export interface StreetProcess extends AsyncDisposable {
  /** Site file with the real ports; the street's own agent runs on it until `takeOver`. */
  readonly site: string;
  readonly dir: string;
}

/** Starts the simulated street with its own agent stopped, so that a bench may start agents on its ports. */
export async function startStreetProcess(): Promise<StreetProcess> {
  const dir = mkdtempSync(join(tmpdir(), 'kerbside-bench-'));
  const child = spawn(process.execPath, [STREET.pathname, '--headless', '--no-agent', '--state', dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const site = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { site } = JSON.parse(line) as { site?: string };
      if (site !== undefined) resolve(site);
    });
    child.once('exit', (code) => reject(new Error(`the street ended with exit code ${code}`)));
  });
  return {
    site,
    dir,
    [Symbol.asyncDispose]: async () => {
      await end(child, 'SIGINT');
      rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** The site file with changes, under another name and with a state folder of its own. */
export function variant(street: StreetProcess, name: string, change: Record<string, unknown>): string {
  const file = join(street.dir, `${name}.yaml`);
  const site = parse(readFileSync(street.site, 'utf8'));
  const own = { state: `./${name}`, console: { listen: '127.0.0.1:0' } };
  writeFileSync(file, stringify({ ...site, ...own, ...change }));
  return file;
}

export interface BenchAgent extends AsyncDisposable {
  readonly pid: number;
  /** The first log line of an event. */
  event(name: string): Promise<Record<string, unknown>>;
}

export function startBenchAgent(site: string): BenchAgent {
  const child = fork(MAIN, ['run', '--site', site], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, ...AGENT_ENV },
    execArgv: [...AGENT_FLAGS],
  });
  const seen = new Map<string, Record<string, unknown>>();
  const waiting = new Map<string, (line: Record<string, unknown>) => void>();
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (text) => {
      const line = JSON.parse(text) as Record<string, unknown> & { event: string };
      if (seen.has(line.event)) return;
      seen.set(line.event, line);
      waiting.get(line.event)?.(line);
    });
  }
  return {
    pid: child.pid ?? 0,
    event: (name) =>
      new Promise((resolve, reject) => {
        const line = seen.get(name);
        if (line !== undefined) resolve(line);
        else waiting.set(name, resolve);
        child.once('exit', (code) => reject(new Error(`the agent ended with exit code ${code}`)));
      }),
    [Symbol.asyncDispose]: () => end(child, 'SIGINT'),
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => {
    child.once('exit', resolve);
    child.kill(signal);
  });
}
