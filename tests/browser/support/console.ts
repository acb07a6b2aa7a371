/** A console over a street of a test, and a browser for it; both end with the stack of the test. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Console, type ConsoleOptions, startConsole } from '../../../agent/console/server.ts';
import { silent } from '../../../agent/core/log.ts';
import type { Clock } from '../../../agent/core/time/clock.ts';
import type { AgentData } from '../../support/agent-data.ts';
import { launch } from './chromium.ts';

export type Browser = Awaited<ReturnType<typeof launch>>;

/** On a free port, with a state folder of its own. */
export async function openConsole(
  stack: AsyncDisposableStack,
  street: AgentData,
  clock: Clock,
  more: Partial<ConsoleOptions> = {},
): Promise<{ readonly opened: Console; readonly stateDir: string }> {
  const stateDir = await mkdtemp(join(tmpdir(), 'console-'));
  stack.defer(() => rm(stateDir, { recursive: true, force: true }));
  const opened = await startConsole({
    view: street,
    clock,
    log: silent,
    listen: { host: '127.0.0.1', port: 0 },
    stateDir,
    signal: new AbortController().signal,
    ...more,
  });
  return { opened: stack.use(opened), stateDir };
}

/** `chromium`: path of the program; the test is left out where there is none. */
export async function openBrowser(
  stack: AsyncDisposableStack,
  chromium: string | undefined,
): Promise<Browser> {
  const browser = await launch(chromium ?? '');
  stack.defer(() => browser.close());
  return browser;
}
