/** One street feeds four platforms at once: each gets its points alone, at its rate, in its units and under its names. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LedgerEntry } from '../../hw-sim/ledger.ts';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { until } from '../support/mqtt-receiver.ts';
import { openPlatforms, type Platforms } from './platforms.ts';
import { openSite, type Site } from './site.ts';

const MINUTE = 60_000;
/** World time per real time: the meters are read each 5 s, so once in a minute of the world. */
const SPEED = 12;
const WAIT = 120_000;

interface Row {
  readonly device?: string;
  readonly point?: string;
  readonly value?: unknown;
  readonly unit?: string;
  readonly quality?: string;
  readonly time: string;
  readonly event?: string;
}

let site: Site;
let platforms: Platforms;
let agent: AgentProcess;

const cityRows = (): Row[] =>
  platforms.city.heard
    .filter(({ topic }) => /\/(data|backlog)\//.test(topic))
    .flatMap(({ payload }) => (payload as { records: Row[] }).records)
    .filter(({ event }) => event === undefined);
const scadaRows = () =>
  (platforms.scada.records as unknown as Row[]).filter(({ event }) => event === undefined);
const served = (device: string, point: string): LedgerEntry[] =>
  site.street.ledger.entries.filter(
    (entry) => entry.device === device && entry.point === point && entry.intact,
  );

beforeAll(async () => {
  site = await openSite({ camera: false, speed: SPEED });
  const wall = () => site.street.clock.now();
  const broker = Number(new URL(site.broker).port);
  platforms = await openPlatforms({ broker, wall });
  site.rewrite({ uplinks: platforms.uplinks, log: { window: '1s' } });
  await platforms.scada.state('scada', true, 1);
  agent = startAgent(site.file, platforms.env);
  await agent.ready;
  const { city, bureau, energy } = platforms;
  await until(
    () => new Set(cityRows().map(({ time }) => Math.floor(Date.parse(time) / (2 * MINUTE)))).size >= 3,
    'three periods at the city',
    WAIT,
  );
  await until(() => scadaRows().length > 20, 'data in the control room', WAIT);
  await until(
    () => bureau.bureau.heard.filter(({ cn }) => cn === '2051').length >= 2,
    'minute data at the bureau',
    WAIT,
  );
  await until(
    () => bureau.bureau.heard.some(({ cp }) => cp.includes('a34004-Rtd=')),
    'particles at the bureau',
    WAIT,
  );
  await until(() => energy.reports.length >= 3, 'reports at the energy centre', WAIT);
  await until(() => city.report().balanced && platforms.scada.report().balanced, 'balanced books', WAIT);
}, 4 * WAIT);

afterAll(async () => {
  await agent?.[Symbol.asyncDispose]();
  await platforms?.[Symbol.asyncDispose]();
  await site?.[Symbol.asyncDispose]();
});

describe('one street, four platforms', () => {
  test('the city gets two points of each meter, one value in two minutes, in kW and mV, under its names', () => {
    const rows = cityRows();
    expect([...new Set(rows.map(({ device }) => device))].sort()).toEqual([
      'EM-meter-feeder',
      'EM-meter-lamp',
      'EM-meter-sign',
    ]);
    expect([...new Set(rows.map(({ point, unit }) => `${point} ${unit}`))].sort()).toEqual(['P kW', 'U mV']);
    // A poll that failed leaves too, and so does the value behind it: such periods are not counted.
    const perPeriod = Map.groupBy(
      rows,
      ({ device, point, time }) => `${device}/${point}/${Math.floor(Date.parse(time) / (2 * MINUTE))}`,
    );
    const calm = [...perPeriod.values()].filter((list) => list.every(({ quality }) => quality === 'good'));
    expect(calm.length).toBeGreaterThan(3);
    expect(calm.filter((list) => list.length > 1)).toEqual([]);
    const values = served('eastron-sdm630', 'voltage-l1').map(({ value }) => Number(value) * 1000);
    const feeder = rows.filter(
      ({ device, point, quality }) => device === 'EM-meter-feeder' && point === 'U' && quality === 'good',
    );
    expect(feeder.length).toBeGreaterThan(1);
    // To the resolution of the point, half of 0.01 V.
    for (const { value } of feeder) {
      expect(
        values.some((told) => Math.abs(told - Number(value)) <= 5.1),
        `${value} mV`,
      ).toBe(true);
    }
  });

  test('the control room gets the board and the power of the lamp, every value, and events', () => {
    const rows = scadaRows();
    expect([...new Set(rows.map(({ device }) => device))].sort()).toEqual(['Lamp meter', 'board']);
    const lamp = rows.filter(({ device }) => device === 'Lamp meter');
    expect([...new Set(lamp.map(({ point, unit }) => `${point} ${unit}`))]).toEqual(['Power/Active W']);
    // More than one in a period of the city: this one has them all.
    const perPeriod = Map.groupBy(lamp, ({ time }) => Math.floor(Date.parse(String(time)) / (2 * MINUTE)));
    expect(Math.max(...[...perPeriod.values()].map((list) => list.length))).toBeGreaterThan(1);
    const birth = platforms.scada.of('DBIRTH', 'Lamp meter')[0];
    expect(birth?.metrics.map(({ name }) => name)).toContain('Power/Active');
    expect(platforms.scada.records.some(({ event }) => event === 'epoch')).toBe(true);
  });

  test('the bureau gets temperature and particles by factor, the latter in mg/m³, each minute', () => {
    const { heard } = platforms.bureau.bureau;
    const factors = new Set(
      heard.flatMap(({ cp }) => [...cp.matchAll(/([0-9A-Za-z]+)-(?:Rtd|Avg)=/g)].map(([, code]) => code)),
    );
    expect([...factors].sort()).toEqual(['a01001', 'a34004']);
    const particles = heard.flatMap(({ cp }) =>
      [...cp.matchAll(/a34004-Rtd=([\d.]+)/g)].map(([, value]) => Number(value)),
    );
    const told = new Set(served('plantower-pms5003', 'pm2-5').map(({ value }) => Number(value) / 1000));
    expect(particles.length).toBeGreaterThan(0);
    for (const value of particles) expect(told).toContain(value);
  });

  test('the energy centre gets the register of the feeder by code, each minute', () => {
    const books = platforms.energy.books();
    expect([...books.keys()]).toEqual(['1/1/01A00']);
    const register = [...(books.values().next().value?.values() ?? [])].map(({ value }) => Number(value));
    const told = served('eastron-sdm630', 'energy-import').map(({ value }) => Number(value));
    expect(register.length).toBeGreaterThanOrEqual(3);
    for (const value of register)
      expect(
        told.some((one) => Math.abs(one - value) < 0.011),
        String(value),
      ).toBe(true);
  });

  test('nothing of one is with another, and both books balance', () => {
    expect(platforms.city.heard.some(({ topic }) => topic.startsWith('spBv1.0'))).toBe(false);
    expect(platforms.city.report()).toMatchObject({ balanced: true, missing: 0, conflicts: 0 });
    expect(platforms.scada.report()).toMatchObject({ balanced: true, missing: 0, conflicts: 0, broken: 0 });
  });
});
