/** `npm start -- --headless` as a process of its own with a state folder of its own: everything real, as a newcomer starts it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { requestLink } from '../../../agent/console/access/local-door.ts';

const STREET = join(import.meta.dirname, '..', '..', '..', 'hw-sim', 'street.ts');

export interface StreetProcess extends AsyncDisposable {
  /** http://127.0.0.1:PORT */
  readonly console: string;
  /** The one-time link it printed. */
  readonly link: string;
  /** The page on which the street is seen and broken. */
  readonly street: string;
  /** Another one-time link, as `kerbside login` prints. */
  another(): Promise<string>;
  /** Lines of the agent's log so far. */
  log(): Promise<string>;
}

/** Starts the street and waits for its one line. `port`: the first one tried for the console. */
export async function startStreetProcess(options: {
  readonly state: string;
  readonly port: number;
  readonly scenario?: string;
  /** File that takes every value the devices serve. */
  readonly ledger?: string;
  /** `--reset`: what earlier starts left is forgotten. */
  readonly reset?: boolean;
  /** Where it runs, and with what instead of what this process has; default: as here. */
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}): Promise<StreetProcess> {
  const { state, port, scenario = 'street', ledger, reset, cwd, env } = options;
  const args = ['--headless', '--state', state, '--port', `${port}`, '--scenario', scenario];
  if (ledger !== undefined) args.push('--ledger', ledger);
  if (reset === true) args.push('--reset');
  const child = spawn(process.execPath, [STREET, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
  });
  const exited = once(child, 'exit');
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ready = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([line]) => String(line)),
    exited.then(() => {
      throw new Error(`the street ended before it was ready: ${said}`);
    }),
  ]);
  const { console, link, street } = JSON.parse(ready) as { console: string; link: string; street: string };
  return {
    console,
    link,
    street,
    another: () => requestLink(join(state, 'agent')),
    log: () => readFile(join(state, 'agent.log'), 'utf8'),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT');
      await exited;
    },
  };
}
