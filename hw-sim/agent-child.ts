/**
 * The agent as a child of the street, looked after as systemd does in the field: started again with a growing pause
 * when it dies, ended with it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { AGENT_ENV, AGENT_FLAGS, withoutTerminals } from './agent-launch.ts';
import type { WorldClock } from './world/world-clock.ts';

/** The agent's entry: started as a process, never imported. */
export const AGENT_MAIN = join(import.meta.dirname, '..', 'agent', 'main.ts');
/** Everything must be gone 3 s after Ctrl-C. */
const STOP_MS = 2700;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** Life that makes earlier deaths forgotten. */
const HEALTHY_MS = 60_000;

export interface Ready {
  /** http://127.0.0.1:PORT */
  readonly console: string;
  /** The same with a one-time code. */
  readonly link: string;
}

export interface AgentChildOptions {
  readonly site: string;
  /** Log lines of the agent (JSON) are written here. */
  readonly log: string;
  /** Besides that of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called before each start of it. */
  readonly starting?: () => void;
  /** Takes lines for people: deaths, restarts, and the agent's own warnings and errors. */
  readonly say: (line: string) => void;
  /** Called each time the agent is up. */
  readonly ready: (ready: Ready) => void;
}

export interface AgentChild extends AsyncDisposable {
  readonly pid: number | undefined;
  /** Says what time it is in the street from now on; one that is being started reads it in its site file. */
  turn(clock: Pick<WorldClock, 'rate' | 'origin'>): void;
}

/** Starts the agent and keeps it running until disposed. */
export function keepAgent(options: AgentChildOptions): AgentChild {
  const log = createWriteStream(options.log, { flags: 'w' });
  log.on('error', (error) => options.say(`the agent's log cannot be written: ${error.message}`));
  let child: ChildProcess | undefined;
  let pause = FIRST_PAUSE_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopping = false;

  const start = (): void => {
    timer = undefined;
    options.starting?.();
    const born = performance.now();
    const fresh = spawn(process.execPath, [...AGENT_FLAGS, AGENT_MAIN, 'run', '--site', options.site], {
      env: { ...process.env, ...AGENT_ENV, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', ...withoutTerminals(4)],
    });
    child = fresh;
    for (const stream of [fresh.stdout, fresh.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        log.write(`${line}\n`);
        const text = warning(line);
        if (text !== undefined) options.say(text);
      });
    }
    fresh.on('message', (message) => {
      if (isReady(message)) options.ready({ console: message.console, link: message.link });
    });
    let over = false;
    const ended = (how: string): void => {
      // A program that cannot be started gives an error and no exit; one that dies gives an exit.
      if (over) return;
      over = true;
      child = undefined;
      if (stopping) return;
      if (performance.now() - born >= HEALTHY_MS) pause = FIRST_PAUSE_MS;
      options.say(`the agent ended (${how}); it is started again in ${(pause / 1000).toFixed(1)} s`);
      timer = setTimeout(start, pause);
      pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
    };
    fresh.on('error', (error) => ended(error.message));
    fresh.on('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
  };

  start();
  return {
    get pid() {
      return child?.pid;
    },
    turn({ rate, origin }) {
      if (child?.connected === true) child.send({ type: 'clock', rate, ...origin }, () => undefined);
    },
    async [Symbol.asyncDispose]() {
      stopping = true;
      if (timer !== undefined) clearTimeout(timer);
      const last = child;
      if (last !== undefined && last.exitCode === null && last.signalCode === null) {
        const gone = once(last, 'exit');
        last.kill('SIGINT');
        const late = setTimeout(() => last.kill('SIGKILL'), STOP_MS);
        await gone;
        clearTimeout(late);
      }
      await new Promise<void>((resolve) => log.end(resolve));
    },
  };
}

function isReady(message: unknown): message is Ready & { type: 'ready' } {
  return (
    typeof message === 'object' &&
    message !== null &&
    'type' in message &&
    message.type === 'ready' &&
    'console' in message &&
    typeof message.console === 'string' &&
    'link' in message &&
    typeof message.link === 'string'
  );
}

/** Warnings and errors of a JSON log line as a sentence; anything that is no log line as it is. */
function warning(line: string): string | undefined {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return line.trim() === '' ? undefined : `agent: ${line}`;
  }
  if (typeof entry !== 'object' || entry === null) return undefined;
  const {
    level,
    event,
    msg,
    time: _time,
    pid: _pid,
    hostname: _host,
    ...facts
  } = entry as Record<string, unknown>;
  const bad =
    typeof level === 'number' ? level >= 40 : level === 'warn' || level === 'error' || level === 'fatal';
  if (!bad) return undefined;
  const told = Object.entries(facts)
    .filter(([name]) => name !== 'stack' && name !== 'v')
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  return `agent: ${String(event ?? msg ?? 'warning')} ${told.join(' ')}`.slice(0, 400);
}
