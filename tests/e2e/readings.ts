/**
 * What the devices said arrives at the city unchanged; what the city commands arrives at the board. Broker, console and
 * a Modbus TCP line all at one loopback address: the suite runs over IPv4 and once over `::1` only.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LedgerEntry } from '../../hw-sim/ledger.ts';
import { loadScenario } from '../../hw-sim/scenario.ts';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { gatewayLine } from '../support/gateway-line.ts';
import { type City, type CityRecord, openCity } from './city.ts';
import { openSite, type Site } from './site.ts';

interface PointText {
  readonly id: string;
  readonly unit: string;
  readonly decimals?: number;
}

const root = 'kerbside/v1/demo-street/pole-0817';

let site: Site;
let city: City;
let agent: AgentProcess;

/** The suite with everything at `host`; for a test file of its own. Skipped by name where there is no such address. */
export function endToEnd(host: '127.0.0.1' | '::1', there = true): void {
  describe.skipIf(!there)(`the street, end to end, over ${host}`, () => suite(host));
}

function suite(host: '127.0.0.1' | '::1'): void {
  beforeAll(async () => {
    const street = await loadScenario('street');
    const listen = host === '::1' ? '[::1]:0' : `${host}:0`;
    site = await openSite({
      scenario: { ...street, lines: [...street.lines, gatewayLine(5000)] },
      camera: false,
      host,
      change: { console: { listen } },
    });
    city = await openCity(site.broker);
    agent = startAgent(site.file);
    await agent.ready;
    await city.until(() => city.records.size > 600, 'readings at the city', 60_000);
  }, 90_000);

  afterAll(async () => {
    await agent[Symbol.asyncDispose]();
    await city[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
  });

  /** Device id of what a ledger entry was served by. */
  function deviceOf({ line, unit }: LedgerEntry): string {
    const devices = site.street.lines.get(line)?.plan.devices ?? [];
    return (devices.find((one) => one.unit === unit) ?? devices[0])?.id ?? '';
  }

  /** World time of a monotonic moment, Unix epoch ms. */
  function wall(mono: number): number {
    const { origin, rate } = site.street.clock;
    return origin.wall + (mono - origin.mono) * rate;
  }

  function points(device: string): readonly PointText[] {
    return (city.topics.get(`${root}/describe/${device}`) as { points: PointText[] }).points;
  }

  /** Whether the record is what the entry told: value to the point's own resolution, unit, and time just after it left. */
  function tells(record: CityRecord, entry: LedgerEntry, point: PointText): boolean {
    const late = Date.parse(record.time) - wall(entry.mono);
    if (record.unit !== entry.uom || late < -5 || late > 2000) return false;
    if (typeof entry.value !== 'number') return record.value === entry.value;
    const half = point.decimals === undefined ? Math.abs(entry.value) * 1e-6 : 0.5 * 10 ** -point.decimals;
    return typeof record.value === 'number' && Math.abs(record.value - entry.value) <= half * 1.001 + 1e-12;
  }

  test('every good value at the city was served by a device: value, unit, quality, time', () => {
    const entries = Map.groupBy(site.street.ledger.entries, (entry) => `${deviceOf(entry)}/${entry.point}`);
    const invented: CityRecord[] = [];
    let compared = 0;
    for (const record of city.records.values()) {
      if (record.device === undefined || record.point === undefined || record.quality !== 'good') continue;
      // The lamp's level is commanded and read back, and contacts are told on change: their own tests say more.
      // What the lamp should show is the agent's own reckoning, and so is what stands.
      if (['board', 'lamp-1', 'alarms'].includes(record.device)) continue;
      // A register at midnight is one that was served before, at another time.
      if (record.point.endsWith('-midnight')) continue;
      const point = points(record.device).find(({ id }) => id === record.point);
      const served = entries.get(`${record.device}/${record.point}`) ?? [];
      compared += 1;
      if (point === undefined || !served.some((entry) => entry.intact && tells(record, entry, point)))
        invented.push(record);
    }
    expect(invented).toEqual([]);
    expect(compared).toBeGreaterThan(400);
  });

  test('every value served on the RS-485 line arrived, or its point was said to be bad then', async () => {
    const until = city.ledger.report().records;
    await city.until(() => city.ledger.report().records > until + 100, 'what was under way');
    const records = Map.groupBy(city.records.values(), (record) => `${record.device}/${record.point}`);
    // What was served in the last window is still on its way.
    const settled = site.street.ledger.entries.filter((entry) => wall(entry.mono) < newest() - 7000);
    const served = settled.filter((entry) => entry.line === 'rs485-1' && entry.intact);
    const lost = served.filter((entry) => {
      const point = points(deviceOf(entry)).find(({ id }) => id === entry.point);
      if (point === undefined) return false;
      const mine = records.get(`${deviceOf(entry)}/${entry.point}`) ?? [];
      return !mine.some(
        (record) =>
          tells(record, entry, point) ||
          (record.quality === 'bad' && Math.abs(Date.parse(record.time) - wall(entry.mono)) < 3000),
      );
    });
    expect(lost).toEqual([]);
    expect(served.length).toBeGreaterThan(200);
  });

  test('four meters, the station, the particle sensor and the board all speak', () => {
    const good = new Set(
      [...city.records.values()].filter(({ quality }) => quality !== 'bad').map(({ device }) => device),
    );
    expect([...good].filter(Boolean).sort()).toEqual([
      'air',
      'alarms',
      'board',
      'lamp-1',
      'meter-behind',
      'meter-feeder',
      'meter-lamp',
      'meter-sign',
      'station',
    ]);
  });

  test('all of it went over that address', async () => {
    const { console } = await agent.ready;
    const address = host === '::1' ? '[::1]' : host;
    expect([new URL(console).hostname, new URL(site.broker).hostname]).toEqual([address, address]);
    const text = readFileSync(site.file, 'utf8');
    expect(text.includes('127.0.0.1')).toBe(host === '127.0.0.1');
    expect(site.street.broker?.clients).toBeGreaterThan(1);
  });

  test('the receiver’s ledger balances', () => {
    expect(city.ledger.report()).toMatchObject({ balanced: true, missing: 0, conflicts: 0, outOfOrder: 0 });
  });

  test('no SOS was pressed, and none was reported', () => {
    const pressed = [...city.records.values()].filter(
      ({ point, value }) => point === 'sos-button' && value === true,
    );
    expect(pressed).toEqual([]);
  });

  test('a lamp command of the city reaches the board, and its read-back the city', async () => {
    const now = Date.now();
    const command = { id: 'city-1', value: 60, issued: now, expires: now + 30_000, issuer: 'control-room' };
    await city.publish(`${root}/cmd/board/lamp-level`, command);
    await city.until(() => city.topics.has(`${root}/cmd/city-1/result`), 'the result');
    expect(city.topics.get(`${root}/cmd/city-1/result`)).toMatchObject({
      id: 'city-1',
      state: 'done',
      readback: 60,
    });
    expect(lamp()).toBeCloseTo(0.6, 2);
    await city.until(
      () =>
        [...city.records.values()].some(({ event, body }) => event === 'command' && body?.id === 'city-1'),
      'the audit record',
    );
  });

  test('the same command again changes nothing; an expired one is not carried out', async () => {
    const now = Date.now();
    await city.publish(`${root}/cmd/board/lamp-level`, {
      id: 'city-2',
      value: 20,
      issued: now - 60_000,
      expires: now - 1,
    });
    await city.until(() => city.topics.has(`${root}/cmd/city-2/result`), 'the refusal');
    expect(city.topics.get(`${root}/cmd/city-2/result`)).toMatchObject({ state: 'expired' });
    expect(lamp()).toBeCloseTo(0.6, 2);
  });

  test('what the agent writes is for its own user alone', () => {
    const modes = ['', 'log.db', 'console'].map((name) => statSync(join(site.state, name)).mode & 0o077);
    expect(modes).toEqual([0, 0, 0]);
  });

  test('Ctrl-C ends everything in under 3 s with nothing left behind', async () => {
    const took = await agent.stop();
    expect(took).toBeLessThan(3000);
    const left = readdirSync('/proc').filter((pid) => {
      try {
        return (
          /^\d+$/.test(pid) &&
          Number(pid) !== process.pid &&
          readFileSync(`/proc/${pid}/environ`, 'utf8').includes(site.dir)
        );
      } catch {
        return false;
      }
    });
    expect(left).toEqual([]);
  });
}

/** How bright the lamp shines in the street, 0…1. */
function lamp(): number {
  return site.street.world.lampLevel(site.street.clock.now());
}

/** True time of the newest record at the city. */
function newest(): number {
  return Math.max(...Array.from(city.records.values(), ({ time }) => Date.parse(time)));
}
