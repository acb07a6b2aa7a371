/**
 * A factory image that is nobody's unit yet: it reads nothing, writes to no device and has no uplink. It offers a page on
 * which a claim is taken, looks whether somebody has made it a unit on the shell, and ends when either has happened.
 */
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { finishRestore, planFile } from '../../backup/plan.ts';
import type { ClaimImage } from '../../config/claim-file.ts';
import type { LoadResult } from '../../config/load.ts';
import { formatProblem } from '../../config/problem.ts';
import type { ConsoleMemory } from '../../console/server.ts';
import type { ServiceLinkState } from '../../console/service/link.ts';
import { startUnclaimedConsole, type UnclaimedOptions } from '../../console/unclaimed.ts';
import type { ClaimDesk } from '../../core/claim.ts';
import { AgentError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Clock } from '../../core/time/clock.ts';
import { VERSION } from '../../core/version.ts';
import { addressOf, fetchClaim, hostOf } from './fetch.ts';
import { type TakeOptions, takeClaim } from './take.ts';

export interface UnclaimedUnitOptions extends Pick<TakeOptions, 'load' | 'refuseWhileRunning'> {
  /** Absolute path of where the site file will be. */
  readonly siteFile: string;
  readonly image: ClaimImage;
  /** Ids of this machine, best first. */
  readonly hardware: readonly string[];
  readonly memory: ConsoleMemory;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Unix epoch ms; for tests. */
  readonly now?: () => number;
  readonly link?: Pick<UnclaimedOptions, 'programs' | 'uptime' | 'system'>;
}

export interface UnclaimedUnit extends AsyncDisposable {
  readonly console: string;
  /** Resolves when this machine is a named unit, and whoever claimed it has the answer; rejects where `signal` aborts. */
  readonly named: Promise<void>;
  /** How its service link is now; undefined where the image has none. */
  readonly link: ServiceLinkState | undefined;
  /** Resolves while it works. */
  readonly pulse: () => Promise<void>;
}

/** How often it is looked whether a site file has come, ms. */
const LOOK = 1000;
/** Whoever began to put a claim or a backup in its place ends it within this time, or never, ms. */
const OTHERS_TURN = 15_000;
/** What answers a claim has this long to leave, ms. */
const ANSWERS_LEAVE = 250;
const ANSWER_PATIENCE = 10_000;

/** `unclaimed-4f2a9c`: of this machine, but nobody learns its id from it. */
export function unclaimedName(hardware: readonly string[]): string {
  return `unclaimed-${digest(hardware).slice(0, 6)}`;
}

function digest(hardware: readonly string[]): string {
  return createHash('sha256')
    .update(hardware[0] ?? 'unknown')
    .digest('hex');
}

/** Rejects where the page cannot be served. */
export async function startUnclaimed(options: UnclaimedUnitOptions): Promise<UnclaimedUnit> {
  const { image, hardware, memory, clock, log, signal, link = {} } = options;
  await using stack = new AsyncDisposableStack();
  const ended = new AbortController();
  stack.defer(() => ended.abort(new AgentError('aborted', 'the unclaimed unit ends')));
  const until = AbortSignal.any([signal, ended.signal]);
  const here: Here = { taking: false };
  const console = stack.use(
    await startUnclaimedConsole({
      desk: deskOf(options, here),
      name: unclaimedName(hardware),
      version: VERSION,
      listen: image.listen,
      service: image.service,
      // A copied card makes a key of its own: it is of this machine, and goes aside with the claim.
      stateDir: join(image.state, 'unclaimed', digest(hardware).slice(0, 16)),
      memory,
      clock,
      log,
      signal: until,
      ...link,
    }),
  );
  log.warn('agent.unclaimed', {
    hardware: [...hardware],
    console: console.url,
    keys: image.keys.map(({ id }) => id),
    exchange: image.url === undefined ? 'none' : hostOf(image.url),
    fix: 'Open the console and take a claim, or: kerbside claim take <code>',
  });
  const named = Promise.race([
    console.taken.then(() => clock.sleep(ANSWERS_LEAVE, until)),
    comesByShell(options, here, until),
  ]);
  named.catch(() => {});
  const owned = stack.move();
  return {
    console: console.url,
    named,
    get link() {
      return console.service?.state();
    },
    pulse: async () => {
      const patience = AbortSignal.timeout(ANSWER_PATIENCE);
      const response = await fetch(new URL('/healthz', console.url), { signal: patience });
      if (!response.ok) throw new AgentError('internal', `the console answers ${response.status}`);
      await response.arrayBuffer();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Whether a claim is being taken on the page, or was: then whoever offered it gets the answer first. */
interface Here {
  taking: boolean;
}

function deskOf(options: UnclaimedUnitOptions, here: Here): ClaimDesk {
  const { image, hardware, now = Date.now, siteFile, load, refuseWhileRunning } = options;
  const { keys, url } = image;
  return {
    hardware,
    exchange: url === undefined ? undefined : hostOf(url),
    keys: keys.map(({ id }) => id),
    now,
    take: async (given, signal) => {
      const bytes = given.startsWith('{') ? Buffer.from(given) : await fetched(given, signal);
      if (!(bytes instanceof Uint8Array)) return bytes;
      here.taking = true;
      let taken = false;
      try {
        const result = await takeClaim(bytes, {
          siteFile,
          keys,
          hardware,
          now: now(),
          load,
          refuseWhileRunning,
        });
        taken = result.ok;
        return result;
      } finally {
        here.taking = taken;
      }
    },
  };

  async function fetched(given: string, signal: AbortSignal) {
    const address = addressOf(given, { url, hardware, anyHost: false });
    if (typeof address !== 'string') return address;
    // Shorter than a request of the console may take, so that the reason is told.
    const answer = await fetchClaim(address, { signal, deadline: 15_000 });
    return answer.ok ? answer.bytes : answer;
  }
}

/** Resolves when a right site file stands in its place and nobody is moving things any more. */
async function comesByShell(
  { siteFile, load, clock, log }: UnclaimedUnitOptions,
  here: Here,
  signal: AbortSignal,
): Promise<void> {
  let said = '';
  for (;;) {
    await clock.sleep(LOOK, signal);
    if (here.taking || isMoving(siteFile) || !existsSync(siteFile)) continue;
    const loaded: LoadResult = await load(siteFile);
    if (loaded.ok) return;
    const [first] = loaded.problems;
    const why = first === undefined ? '' : formatProblem(first);
    if (why !== said)
      log.error('agent.unclaimed-site-wrong', { error: why, fix: `kerbside check ${siteFile}` });
    said = why;
  }
}

/** Whether a claim or a restore is being put in its place. Where it was left half-way, it is ended here. */
function isMoving(siteFile: string): boolean {
  const left = [planFile(siteFile), `${planFile(siteFile)}-done`].find((file) => existsSync(file));
  if (left === undefined) return false;
  if (Date.now() - (statSync(left, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > OTHERS_TURN)
    finishRestore(siteFile);
  return true;
}
