/**
 * The scenario `outage`, its half day folded into a minute: every way a link fails is told in its own words, the sign grows old
 * with grace, and when all is back nothing is missing.
 */
import { expect, test } from 'vitest';
import { loadScenario } from '../../../hw-sim/scenario.ts';
import { play } from './play.ts';

/** So much shorter are its stretches here. */
const FOLD = 20;
/** Nobody knows the city's name for so long, ms of life: what is looked up waits for a second. */
const NAMELESS = 8000;

interface Health {
  readonly parts: readonly { readonly part: string; readonly state: string; readonly message?: string }[];
}
interface Ledgers {
  readonly ledgers: readonly {
    readonly uplink: string;
    readonly backlog: number;
    readonly connected: boolean;
  }[];
}
interface Board {
  readonly rows: readonly { readonly state: string }[];
}

test('slow, half-open, refused, without names, away for hours: all comes, live before backlog', {
  timeout: 300_000,
}, async () => {
  const scenario = await loadScenario('outage');
  const faults = scenario.faults.map((one) => ({
    ...one,
    at: one.at / FOLD,
    ...(one.for === undefined
      ? {}
      : { for: one.fault === 'names-gone' ? NAMELESS * scenario.speed : one.for / FOLD }),
  }));
  await using played = await play({ ...scenario, faults }, { speed: scenario.speed });
  const { street, city, person } = played;
  const isLive = async () =>
    (await person.get<Board>('/sign/arrivals')).rows.some((row) => row.state === 'live');
  await expect.poll(isLive, { timeout: 150_000, interval: 200 }).toBe(true);
  const begun = street.clock.now();
  const passed = () => street.clock.now() - begun;
  const ends = played.begin();
  const away = faults.find((one) => one.fault === 'link-refused' && one.at > ends / 2)?.at ?? 0;

  const said = new Set<string>();
  const states: string[] = [];
  let most = 0;
  let arrived = 0;
  while (passed() < ends) {
    const [{ parts }, { ledgers }, { rows }] = await Promise.all([
      person.get<Health>('/health'),
      person.get<Ledgers>('/ledger'),
      person.get<Board>('/sign/arrivals'),
    ]);
    const uplink = parts.find(({ part }) => part === 'uplink:city');
    if (uplink?.state !== 'ok' && uplink?.message !== undefined) said.add(uplink.message);
    most = Math.max(most, ledgers.find(({ uplink: id }) => id === 'city')?.backlog ?? 0);
    const best = ['live', 'about', 'stops-away'].find((state) => rows.some((row) => row.state === state));
    const state = best ?? (rows.length > 0 ? 'timetable' : 'nothing');
    if (states.at(-1) !== state) states.push(state);
    if (passed() < away) arrived = city.arrivals.length;
    await new Promise((done) => setTimeout(done, 200));
  }
  // The network that turns everybody away, and the name that nobody knows, are told apart.
  expect([...said].join('\n')).toMatch(/refused|reset|closed/i);
  expect([...said].join('\n')).toMatch(/EAI_AGAIN|name/i);
  expect(most).toBeGreaterThan(200);
  // Riders saw live minutes, then older ones, then the timetable; never an empty board.
  const live = states.indexOf('live');
  expect(live, states.join(' ')).toBeGreaterThanOrEqual(0);
  expect(states.slice(live), states.join(' ')).toContain('timetable');
  expect(states.slice(live).some((state) => state === 'about' || state === 'stops-away')).toBe(true);
  expect(states.slice(live)).not.toContain('nothing');

  const backlog = async () => {
    const { ledgers } = await person.get<Ledgers>('/ledger');
    const uplink = ledgers.find(({ uplink: id }) => id === 'city');
    return uplink?.connected === true ? uplink.backlog : Number.POSITIVE_INFINITY;
  };
  await expect.poll(backlog, { timeout: 60_000, interval: 200 }).toBeLessThan(50);
  const behind = city.arrivals.slice(arrived).filter((topic) => /\/(data|backlog)\//.test(topic));
  expect(behind.some((topic) => topic.includes('/backlog/'))).toBe(true);
  expect(behind.findIndex((topic) => topic.includes('/data/'))).toBeLessThan(
    behind.findLastIndex((topic) => topic.includes('/backlog/')),
  );
  expect(street.link?.troubles).toEqual([]);
  await expect
    .poll(() => city.ledger.report(), { timeout: 20_000 })
    .toMatchObject({ missing: 0, conflicts: 0, outOfOrder: 0 });
  await expect.poll(isLive, { timeout: 30_000, interval: 200 }).toBe(true);
});
