/**
 * Who looks at the console during the soak: a live stream and the calls of its pages, a command and an acknowledgement now
 * and then; with a browser also the console's page and the stop's screen, really open.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, chromium } from 'playwright-core';
import type { Ledger, PartHealth } from '../../agent/core/view.ts';
import { logIn, type Person } from '../../tests/e2e/console-session.ts';

/** ms */
const EVERY = 15_000;
/** A stream is closed and opened anew this often: technicians come and go. */
const STREAM_FOR = 240_000;

export interface ClientCounts {
  readonly calls: number;
  readonly failed: number;
  readonly failures: readonly string[];
  readonly streams: number;
  readonly streamBytes: number;
  readonly commands: Readonly<Record<string, number>>;
  readonly troubles: readonly string[];
}

export interface ConsoleClient extends AsyncDisposable {
  health(): Promise<readonly PartHealth[]>;
  ledgers(): Promise<readonly Ledger[]>;
  points(): Promise<{ now: number; points: readonly PointRow[] }>;
  counts(): ClientCounts;
}

export interface PointRow {
  readonly device: string;
  readonly point: string;
  readonly quality: string | null;
  readonly time: number | null;
}

export interface ClientOptions {
  readonly link: string;
  /** Absent: nobody has the pages open. */
  readonly browser: Browser | undefined;
  /** Address of the stop's screen. */
  readonly screen: string;
}

export async function openClient({ link, browser, screen }: ClientOptions): Promise<ConsoleClient> {
  const person = await logIn(link);
  const counts = {
    calls: 0,
    failed: 0,
    failures: [] as string[],
    streams: 0,
    streamBytes: 0,
    commands: {} as Record<string, number>,
    troubles: [] as string[],
  };
  const stop = new AbortController();
  await using opened = new AsyncDisposableStack();
  if (browser !== undefined) await openPages(browser, person, screen, counts.troubles);
  const loops = [look(person, counts, stop.signal), stream(person, counts, stop.signal)];
  opened.defer(async () => {
    stop.abort();
    await Promise.all(loops);
  });
  const owned = opened.move();
  return {
    health: async () => (await person.get<{ parts: PartHealth[] }>('/health')).parts,
    ledgers: async () => (await person.get<{ ledgers: Ledger[] }>('/ledger')).ledgers,
    points: () => person.get('/points'),
    counts: () => structuredClone(counts),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/**
 * Chromium, without a page yet. To be opened before the lines of the street: it would inherit their terminals, and nothing
 * hangs up that somebody still holds.
 */
export function launchBrowser(path: string): Promise<Browser> {
  return chromium.launch({
    executablePath: path,
    args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run'],
  });
}

async function openPages(
  browser: Browser,
  person: Person,
  screen: string,
  troubles: string[],
): Promise<void> {
  const page = await browser.newPage();
  page.on('pageerror', ({ message }) => troubles.push(message));
  const { link } = await person.post<{ link: string }>('/links', { role: 'viewer' });
  await page.goto(link);
  await (await browser.newPage()).goto(screen);
}

/** What a technician does to an alarm in each state that asks for something. */
const ACTS: Readonly<Record<string, string>> = {
  unacknowledged: 'acknowledge',
  returned: 'acknowledge',
  latched: 'reset',
};

type Counts = { -readonly [K in keyof ClientCounts]: ClientCounts[K] } & {
  failures: string[];
  commands: Record<string, number>;
};

/** What pages ask for, a command with a lease, and whatever alarm stands acknowledged. */
async function look(person: Person, counts: Counts, signal: AbortSignal): Promise<void> {
  const call = async <T>(run: () => Promise<T>): Promise<T | undefined> => {
    counts.calls += 1;
    try {
      return await run().catch((thrown: unknown) => {
        // The server may close a kept connection in the very moment it is used again (RFC 9112 §9.3.1): once more.
        if (thrown instanceof TypeError && !signal.aborted) return run();
        throw thrown;
      });
    } catch (thrown) {
      counts.failed += 1;
      if (counts.failures.length < 20) counts.failures.push(String(thrown).slice(0, 200));
      return undefined;
    }
  };
  for (let round = 0; !signal.aborted; round++) {
    const points = await call(() => person.get<{ now: number }>('/points'));
    for (const path of ['/health', '/ledger', '/descriptions', '/sign/arrivals', '/cameras', '/commands'])
      await call(() => person.get(path));
    const to = Math.round(points?.now ?? 0);
    const asked = `device=meter-feeder&point=voltage-l1&from=${to - 3_600_000}&to=${to}&bucket_s=60`;
    await call(() => person.get(`/history?${asked}`));
    if (round % 4 === 0) {
      const result = await call(() =>
        person.post<{ state: string }>('/commands', {
          id: `soak-${round}`,
          device: 'board',
          point: 'lamp-level',
          value: (round * 5) % 100,
          expires_in_s: 10,
          lease_s: 20,
        }),
      );
      const state = result?.state ?? 'failed';
      counts.commands[state] = (counts.commands[state] ?? 0) + 1;
      const standing = await call(() =>
        person.get<{ alarms: { status: { alarm: string; state: string } }[] }>('/alarms'),
      );
      for (const { status } of standing?.alarms ?? []) {
        const act = ACTS[status.state];
        if (act !== undefined)
          await call(() => person.post(`/alarms/${status.alarm}/acts`, { act, name: 'Soak' }));
      }
    }
    await sleep(EVERY, undefined, { signal }).catch(() => {});
  }
}

async function stream(person: Person, counts: Counts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const either = AbortSignal.any([signal, AbortSignal.timeout(STREAM_FOR)]);
    counts.streams += 1;
    try {
      for await (const bytes of await person.stream('/stream', either)) counts.streamBytes += bytes.length;
    } catch {
      // Ended by us, or by the agent's stop.
    }
    await sleep(1000, undefined, { signal }).catch(() => {});
  }
}
