/** What the pages know, in one place; components take what they show and are drawn anew when that changes. */
import { useEffect, useState } from 'preact/hooks';
import type { ApiAlarms } from '../api/alarm-contract.ts';
import type { ApiScan } from '../api/commissioning-contract.ts';
import type { ApiCommands, ApiLedger, ApiPart, ApiReading, ApiSite, PointRow } from '../api/contract.ts';

export type Connection = 'starting' | 'live' | 'lost' | 'logged-out';
export type Language = 'en' | 'zh-CN';
export type Theme = 'auto' | 'light' | 'dark';

export interface State {
  readonly connection: Connection;
  readonly role: 'viewer' | 'technician' | 'administrator' | undefined;
  /** What the session is held to; undefined: all that its role may. */
  readonly scopes?: readonly string[] | undefined;
  readonly site: ApiSite | undefined;
  readonly points: ReadonlyMap<string, PointRow>;
  readonly parts: ReadonlyMap<string, ApiPart>;
  readonly ledgers: readonly ApiLedger[];
  readonly commands: ApiCommands['commands'];
  /** Of commissioning, by id. */
  readonly scans: ReadonlyMap<string, ApiScan>;
  /** Undefined where the site has none. */
  readonly alarms: ApiAlarms | undefined;
  /** Said aloud by screen readers. */
  readonly announcement: string;
  readonly path: string;
  readonly language: Language;
  readonly theme: Theme;
  /** Whether the system wants it dark. */
  readonly systemDark: boolean;
  /** Whether there is no room for the navigation beside the page. */
  readonly narrow: boolean;
}

/** Page that the address asks for, also where it is still on its way through the login. */
export function pathAsked(): string {
  if (location.pathname !== '/login') return location.pathname;
  const to = new URLSearchParams(location.search).get('to') ?? '';
  return /^(?:\/[\w-]+){1,4}$/.test(to) ? to : '/';
}

const root = document.documentElement;

const systemScheme = matchMedia('(prefers-color-scheme: dark)');
const smallScreen = matchMedia('(max-width: 959px)');

let state: State = {
  connection: 'starting',
  role: undefined,
  site: undefined,
  points: new Map(),
  parts: new Map(),
  ledgers: [],
  commands: [],
  scans: new Map(),
  alarms: undefined,
  announcement: '',
  path: pathAsked(),
  language: root.lang === 'zh-CN' ? 'zh-CN' : 'en',
  theme: root.dataset.theme === 'light' || root.dataset.theme === 'dark' ? root.dataset.theme : 'auto',
  systemDark: systemScheme.matches,
  narrow: smallScreen.matches,
};
const listeners = new Set<() => void>();
systemScheme.addEventListener('change', ({ matches }) => set({ systemDark: matches }));
smallScreen.addEventListener('change', ({ matches }) => set({ narrow: matches }));

export function current(): State {
  return state;
}

export function set(change: Partial<State>): void {
  state = { ...state, ...change };
  for (const listener of [...listeners]) listener();
}

/** What `pick` gives now; draws anew when it gives something else. */
export function use<T>(pick: (state: State) => T): T {
  const [, again] = useState(0);
  const picked = pick(state);
  useEffect(() => {
    let last = picked;
    const listener = () => {
      const next = pick(state);
      if (Object.is(next, last)) return;
      last = next;
      again((count) => count + 1);
    };
    listener();
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, [pick]);
  return picked;
}

let clock = { now: Date.now(), at: performance.now(), rate: 1 };

/** Sets the pages' idea of the agent's time, Unix epoch ms, which may run faster than ours. */
export function setNow(now: number, rate = clock.rate): void {
  clock = { now, at: performance.now(), rate };
}

/** The agent's time, Unix epoch ms. */
export function agentNow(): number {
  return clock.now + (performance.now() - clock.at) * clock.rate;
}

/** The agent's time when it was heard last, Unix epoch ms. */
export function lastHeard(): number {
  return clock.now;
}

/** Draws anew every `ms`. */
export function useTick(ms: number): void {
  const [, again] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => again((count) => count + 1), ms);
    return () => clearInterval(timer);
  }, [ms]);
}

const TREND = 48;
const trends = new Map<string, number[]>();

/** The last values seen of a point, oldest first, for its small curve. */
export function trend(key: string): readonly number[] {
  return trends.get(key) ?? [];
}

/** Takes readings in; a point unknown to the page is left out. */
export function takeReadings(readings: readonly ApiReading[]): void {
  const points = new Map(state.points);
  for (const { device, point, value, quality, reason = null, time } of readings) {
    const key = `${device}/${point}`;
    const row = points.get(key);
    if (row === undefined) continue;
    points.set(key, { ...row, value, quality, reason, time });
    if (typeof value !== 'number') continue;
    const values = trends.get(key) ?? [];
    values.push(value);
    if (values.length > TREND) values.shift();
    trends.set(key, values);
  }
  set({ points });
}

/** Whether the one at the page may change things. */
export function reachesTechnician({ role }: State): boolean {
  return role === 'technician' || role === 'administrator';
}

/** Whether the one at the page may do everything. */
export function reachesAdministrator({ role }: State): boolean {
  return role === 'administrator';
}
