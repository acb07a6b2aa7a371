/** Keeps the pages' knowledge up to date: loads what stands still, then follows the stream, again and again. */
import type { ApiAlarms } from '../api/alarm-contract.ts';
import type { ApiScan } from '../api/commissioning-contract.ts';
import type { ApiCommands, ApiLedger, ApiPart, ApiReading, ApiSite, PointRow } from '../api/contract.ts';
import { dropKey, enterByCode, get, listen, Refusal } from './api.ts';
import { partName, say, t } from './i18n.ts';
import { current, type State, set, setNow, takeReadings } from './state.ts';

/** Waits between tries, ms. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;
const BETWEEN_LOOKS = 1000;

let stop = new AbortController();
/** Ends the stream that is open now. */
let cut = new AbortController();
/** Ends the wait before the next try. */
let hurry = () => {};

/** Tries at once instead of after a while. */
export function again(): void {
  hurry();
}

// A phone that was asleep, or out of its network, need not wait for a silence to be long enough.
addEventListener('offline', () => cut.abort());
addEventListener('online', () => hurry());
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) hurry();
});

/** Runs until the session ends. */
export async function start(): Promise<void> {
  stop = new AbortController();
  const { signal } = stop;
  let wait = FIRST_WAIT;
  while (!signal.aborted) {
    try {
      await load();
      set({ scans: new Map() });
      wait = FIRST_WAIT;
      cut = new AbortController();
      await listen('/stream', AbortSignal.any([signal, cut.signal]), take);
    } catch (thrown) {
      if (thrown instanceof Refusal && (thrown.status === 401 || thrown.status === 403)) {
        // The browser is on its way through the login.
        if (enterByCode()) return;
        return loggedOut();
      }
    }
    if (current().connection === 'logged-out') return;
    set({ connection: current().site === undefined ? 'starting' : 'lost' });
    await new Promise<void>((resolve) => {
      hurry = resolve;
      setTimeout(resolve, wait * (0.5 + Math.random() / 2));
    });
    wait = Math.min(LONGEST_WAIT, wait * 2);
  }
}

export function loggedOut(): void {
  stop.abort();
  dropKey();
  set({
    connection: 'logged-out',
    role: undefined,
    site: undefined,
    points: new Map(),
    parts: new Map(),
    ledgers: [],
    commands: [],
    scans: new Map(),
    alarms: undefined,
  });
}

export async function loadCommands(): Promise<void> {
  set({ commands: (await get<ApiCommands>('/commands?limit=100')).commands });
}

let asking: Promise<void> | undefined;
let askAgain = false;

/** A storm of events asks once at a time; the last of them is answered by a look made after it. */
export function loadAlarms(): Promise<void> {
  if (asking !== undefined) {
    askAgain = true;
    return asking;
  }
  asking = askAlarms().finally(() => {
    asking = undefined;
    if (askAgain) setTimeout(() => void loadAlarms().catch(() => {}), BETWEEN_LOOKS);
    askAgain = false;
  });
  return asking;
}

async function askAlarms(): Promise<void> {
  try {
    set({ alarms: await get<ApiAlarms>('/alarms') });
  } catch (thrown) {
    if (!(thrown instanceof Refusal) || thrown.status !== 404) throw thrown;
    set({ alarms: undefined });
  }
}

/** Loads again what stands still: a new site file has other devices. */
export const refresh = () => load();

async function load(): Promise<void> {
  const [session, site, { points }] = await Promise.all([
    get<{ role: NonNullable<State['role']>; scopes?: readonly string[] }>('/session'),
    get<ApiSite>('/site'),
    get<{ points: PointRow[] }>('/points'),
    loadCommands(),
    loadAlarms(),
  ]);
  setNow(site.now, site.rate);
  set({
    role: session.role,
    scopes: session.scopes,
    site,
    points: new Map(points.map((row) => [`${row.device}/${row.point}`, row])),
  });
}

function take(event: string, data: string): void {
  const body = JSON.parse(data);
  if (typeof body.now === 'number') setNow(body.now);
  switch (event) {
    case 'readings':
      takeReadings(body.readings as ApiReading[]);
      if (current().connection !== 'live') set({ connection: 'live' });
      break;
    case 'health':
      takeHealth(body.parts as ApiPart[]);
      break;
    case 'ledger':
      set({ ledgers: body.ledgers as ApiLedger[] });
      break;
    case 'event':
      if (body.event === 'command') void loadCommands().catch(() => {});
      if (body.event === 'alarm') takeAlarm(body.body);
      break;
    case 'scan':
      set({ scans: new Map(current().scans).set(body.scan.id, body.scan as ApiScan) });
      break;
    case 'end':
      loggedOut();
      break;
  }
}

/** What has just been raised is said aloud. */
function takeAlarm({
  what,
  title,
}: {
  readonly what: unknown;
  readonly title?: { readonly en: string };
}): void {
  if (what === 'raised') set({ announcement: say(title) });
  void loadAlarms().catch(() => {});
}

function takeHealth(changed: readonly ApiPart[]): void {
  const parts = new Map(current().parts);
  for (const part of changed) {
    const before = parts.get(part.part)?.state;
    parts.set(part.part, part);
    if (before !== undefined && before !== part.state) {
      set({ announcement: `${partName(part.part)}: ${t(`state.${part.state}`)}` });
    }
  }
  set({ parts });
}
