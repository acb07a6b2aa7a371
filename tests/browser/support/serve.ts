/** Serves the console over data that move, to look at while working on the pages: `node tests/browser/support/serve.ts`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startConsole } from '../../../agent/console/server.ts';
import { silent } from '../../../agent/core/log.ts';
import { SystemClock } from '../../../agent/core/time/system-clock.ts';
import { AgentData } from '../../support/agent-data.ts';
import { moveStreet } from './moving-street.ts';

const clock = new SystemClock();
const street = new AgentData({ clock });
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
process.once('SIGTERM', () => stop.abort());
const stateDir = await mkdtemp(join(tmpdir(), 'console-'));
await using stack = new AsyncDisposableStack();
stack.defer(() => rm(stateDir, { recursive: true, force: true }));
stack.use(moveStreet(street, clock));
const listen = { host: '127.0.0.1', port: Number(process.argv[2] ?? 8080) };
const console_ = stack.use(
  await startConsole({ view: street, clock, log: silent, listen, stateDir, signal: stop.signal }),
);
console.log(console_.link());
await clock.sleep(2 ** 30, stop.signal).catch(() => {});
