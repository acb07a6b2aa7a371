/** The agent as a process of its own, as in the field: started with a site file, killed or stopped by tests. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { withoutTerminals } from '../../hw-sim/agent-launch.ts';
import type { WorldClock } from '../../hw-sim/world/world-clock.ts';

export interface Ready {
  readonly console: string;
  readonly link: string;
}

export interface AgentProcess extends AsyncDisposable {
  readonly pid: number;
  /** Resolves when the agent says that it is up; rejects with its last lines where it ends before. */
  readonly ready: Promise<Ready>;
  /** Resolves with the address of its page when it says that it is nobody's unit yet; rejects as `ready`. */
  readonly unclaimed: Promise<string>;
  /** Log lines so far. */
  readonly log: readonly string[];
  /** As the street does when its clock is turned. */
  turn(clock: Pick<WorldClock, 'rate' | 'origin'>): void;
  /** No chance to tidy up. */
  kill(): Promise<void>;
  /** As Ctrl-C does; gives the ms it took. */
  stop(): Promise<number>;
}

const MAIN = new URL('../../agent/main.ts', import.meta.url);

export function startAgent(siteFile: string, env: NodeJS.ProcessEnv = {}): AgentProcess {
  const log: string[] = [];
  const child = fork(MAIN, ['run', '--site', siteFile], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', ...withoutTerminals(4)],
    env: { ...process.env, ...env },
  });
  collect(child, log);
  const exited = once(child, 'exit');
  const says = <T>(type: string, read: (message: Ready) => T) => {
    const said = new Promise<T>((resolve, reject) => {
      child.on('message', (message: { type?: string } & Ready) => {
        if (message?.type === type) resolve(read(message));
      });
      child.once('exit', (code, signal) =>
        reject(
          new Error(
            `the agent ended (${signal ?? code}) before it was ${type}:\n${log.slice(-20).join('\n')}`,
          ),
        ),
      );
    });
    said.catch(() => {});
    return said;
  };
  const ready = says('ready', ({ console, link }) => ({ console, link }));
  const unclaimed = says('unclaimed', ({ console }) => console);
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await exited;
  };
  return {
    pid: child.pid ?? 0,
    ready,
    unclaimed,
    log,
    turn: ({ rate, origin }) => void child.send({ type: 'clock', rate, ...origin }),
    kill: () => end('SIGKILL'),
    stop: async () => {
      const start = performance.now();
      await end('SIGINT');
      return performance.now() - start;
    },
    [Symbol.asyncDispose]: () => end('SIGKILL'),
  };
}

function collect(child: ChildProcess, log: string[]): void {
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      log.push(...lines);
    });
  }
}
