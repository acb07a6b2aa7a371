/**
 * All pages: where each is, in which group of the navigation, who sees it, where a site has it, and how it is loaded.
 * A new page is one entry here, its address in ../routes.ts, and its texts.
 */
import type { Key } from './i18n.ts';
import type { IconName } from './icons.ts';
import type { State } from './state.ts';

export type PageView = () => unknown;

/** In this order. `now`: what is wrong · `street`: what stands here · `ways`: how it hangs together · `care`: who did what. */
export const GROUPS = ['now', 'street', 'ways', 'care'] as const;

export interface PageEntry {
  /** Also everything below it, but for `/`. */
  readonly path: string;
  readonly key: Key;
  readonly group: (typeof GROUPS)[number];
  readonly icon: IconName;
  /** Module of the page: loaded when it is first opened, or when the first page has nothing to do. */
  readonly load: () => Promise<PageView>;
  /** Lowest role that sees it; absent: everybody. */
  readonly role?: 'technician' | 'administrator';
  /** Whether this site has what it shows; absent: every site has. */
  readonly when?: (state: State) => boolean;
  /** What stands there and wants to be looked at. */
  readonly badge?: (state: State) => number;
  /** In the bar at the bottom of a phone, in front of the list of all. */
  readonly front?: true;
}

const wrong =
  (...kinds: readonly string[]) =>
  ({ parts }: State): number =>
    [...parts.values()].filter(
      ({ part, state }) => state === 'down' && kinds.includes(part.split(':')[0] ?? ''),
    ).length;

/** Pages without an entry of their own in the navigation, and the entry they stand below. */
const BELOW: Readonly<Record<string, PageEntry>> = {
  '/devices': {
    path: '/points',
    key: 'nav.points',
    group: 'street',
    icon: 'points',
    load: async () => (await import('./device-page.ts')).DevicePage,
  },
};

export const PAGES: readonly PageEntry[] = [
  {
    path: '/',
    key: 'nav.overview',
    group: 'now',
    icon: 'overview',
    front: true,
    load: async () => (await import('./overview-page.ts')).OverviewPage,
  },
  {
    path: '/alarms',
    key: 'nav.alarms',
    group: 'now',
    icon: 'alarms',
    front: true,
    badge: ({ alarms }) => alarms?.counts.unacknowledged ?? 0,
    load: async () => (await import('./alarms-page.ts')).AlarmsPage,
  },
  {
    path: '/points',
    key: 'nav.points',
    group: 'street',
    icon: 'points',
    front: true,
    load: async () => (await import('./points-page.ts')).PointsPage,
  },
  {
    path: '/cameras',
    key: 'nav.cameras',
    group: 'street',
    icon: 'cameras',
    when: ({ site }) => (site?.cameras.length ?? 0) > 0,
    badge: wrong('camera'),
    load: async () => (await import('./cameras-page.ts')).CamerasPage,
  },
  {
    path: '/pole',
    key: 'nav.pole',
    group: 'street',
    icon: 'pole',
    load: async () => (await import('./pole-page.ts')).PolePage,
  },
  {
    path: '/sign',
    key: 'nav.sign',
    group: 'street',
    icon: 'sign',
    when: ({ site }) => site?.has.sign === true,
    load: async () => (await import('./sign-page.ts')).SignPage,
  },
  {
    path: '/light',
    key: 'nav.light',
    group: 'street',
    icon: 'light',
    when: ({ site }) => (site?.lamps.length ?? 0) > 0,
    load: async () => (await import('./light-page.ts')).LightPage,
  },
  {
    path: '/energy',
    key: 'nav.energy',
    group: 'street',
    icon: 'energy',
    when: ({ site }) => site?.has.energy === true,
    load: async () => (await import('./energy-page.ts')).EnergyPage,
  },
  {
    path: '/lines',
    key: 'nav.lines',
    group: 'ways',
    icon: 'lines',
    badge: wrong('line', 'device'),
    load: async () => (await import('./lines-page.ts')).LinesPage,
  },
  {
    path: '/uplinks',
    key: 'nav.uplinks',
    group: 'ways',
    icon: 'uplinks',
    badge: wrong('uplink'),
    load: async () => (await import('./uplinks-page.ts')).UplinksPage,
  },
  {
    path: '/node-red',
    key: 'nav.node_red',
    group: 'ways',
    icon: 'node_red',
    when: ({ site }) => site?.node_red === true,
    badge: wrong('node-red'),
    load: async () => (await import('./node-red-page.ts')).NodeRedPage,
  },
  {
    path: '/commands',
    key: 'nav.commands',
    group: 'care',
    icon: 'commands',
    load: async () => (await import('./commands-page.ts')).CommandsPage,
  },
  {
    path: '/commission',
    key: 'nav.commission',
    group: 'care',
    icon: 'commission',
    role: 'technician',
    load: async () => (await import('./commission-page.ts')).CommissionPage,
  },
  {
    path: '/settings',
    key: 'nav.settings',
    group: 'care',
    icon: 'settings',
    role: 'technician',
    load: async () => (await import('./settings-page.ts')).SettingsPage,
  },
  {
    path: '/access',
    key: 'nav.access',
    group: 'care',
    icon: 'access',
    role: 'administrator',
    load: async () => (await import('./access-page.ts')).AccessPage,
  },
];

/** What an address shows: an entry, or a page below one; an unknown one is the first page. */
export function pageAt(path: string): PageEntry {
  const [, first = ''] = path.split('/');
  const found = BELOW[`/${first}`] ?? PAGES.find((entry) => entry.path === `/${first}`) ?? PAGES[0];
  if (found === undefined) throw new Error('there are no pages');
  return found;
}

/** All that can be loaded. */
export const ALL_PAGES: readonly PageEntry[] = [...PAGES, ...Object.values(BELOW)];

const RANK = { viewer: 0, technician: 1, administrator: 2 } as const;

/** Whether it stands in the navigation of whoever looks. */
export function isOffered({ path, role: needed, when }: PageEntry, state: State): boolean {
  const { role, scopes } = state;
  // Who came over the service link is here to commission, and to nothing else.
  if (scopes !== undefined && path !== '/commission') return false;
  return role !== undefined && RANK[role] >= RANK[needed ?? 'viewer'] && (when === undefined || when(state));
}
