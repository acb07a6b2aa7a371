/** An unclaimed unit over a virtual clock, in a folder of its own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from '../../../agent/cli/site.ts';
import {
  startUnclaimed,
  type UnclaimedUnit,
  type UnclaimedUnitOptions,
} from '../../../agent/compose/unclaimed/unclaimed.ts';
import { type ConsoleMemory, consoleMemory } from '../../../agent/console/server.ts';
import { systemPrograms } from '../../../agent/console/service/programs.ts';
import type { Log } from '../../../agent/core/log.ts';
import { silent } from '../../../agent/core/log.ts';
import { CITY_KEY } from '../../support/claims.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { type Answer, askConsole } from '../console/open-console.ts';

export const HARDWARE = ['cpu:10000000abcdef01', 'machine:x'];

export interface TestUnit extends AsyncDisposable {
  readonly dir: string;
  readonly siteFile: string;
  readonly clock: VirtualClock;
  readonly memory: ConsoleMemory;
  readonly unit: UnclaimedUnit;
  /** `area.verb` of what was logged. */
  readonly said: string[];
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  /** Offers a claim as the page does. */
  offer(
    claim: unknown,
    headers?: Record<string, string>,
    at?: string,
  ): Promise<Answer & { readonly code: string }>;
}

export async function openUnit(
  more: Partial<UnclaimedUnitOptions> & { readonly url?: string } = {},
): Promise<TestUnit> {
  const { url, ...options } = more;
  const dir = mkdtempSync(join(tmpdir(), 'kerbside-image-'));
  const siteFile = join(dir, 'etc', 'site.yaml');
  mkdirSync(join(dir, 'etc'));
  writeFileSync(join(dir, 'etc', 'claim.yaml'), '# as the image brings it\n');
  const clock = new VirtualClock();
  const memory = consoleMemory(clock);
  const said: string[] = [];
  const tell = (event: string) => void said.push(event);
  const log: Log = { ...silent, info: tell, warn: tell, error: tell };
  const stop = new AbortController();
  const unit = await startUnclaimed({
    siteFile,
    image: {
      keys: [CITY_KEY.key],
      ...(url === undefined ? {} : { url }),
      state: join(dir, 'image-state'),
      listen: { host: '127.0.0.1', port: 0 },
      secrets: [],
    },
    hardware: HARDWARE,
    memory,
    clock,
    log,
    signal: stop.signal,
    load: (file) => load(file, 'skip'),
    refuseWhileRunning: async () => {},
    link: { programs: systemPrograms('/nowhere'), uptime: 0 },
    ...options,
  });
  const json = { 'content-type': 'application/json' };
  return {
    ...{ dir, siteFile, clock, memory, unit, said },
    get: (path, headers = {}) => askConsole(path, { at: unit.console, headers }),
    offer: async (claim, headers = {}, at = unit.console) => {
      const body = JSON.stringify({ claim });
      const answer = await askConsole('/api/v1/claim', {
        at,
        method: 'POST',
        headers: { ...json, ...headers },
        body,
      });
      const { code = '' } = JSON.parse(answer.text) as { code?: string };
      return { ...answer, code };
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await unit[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
