/** The building on real simulated lines: forty meters read over five protocols, and an account that is their registers'. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { countsBothWays, METERS, meterOf, registerOf } from '../../hw-sim/building/plan.ts';
import { loadScenario } from '../../hw-sim/scenario.ts';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { logIn, type Person } from './console-session.ts';
import { openSite, type Site } from './site.ts';

const QUARTER = 15 * 60_000;
const SPEED = 120;
const SECOND = 1000;
/** By line: as often as its baud rate lets them be read; the other lines keep their minute and are read once. */
const PERIODS: Readonly<Record<string, number>> = {
  'modbus-1': 5 * SECOND,
  'modbus-3': SECOND,
  cjt188: 10 * SECOND,
  mbus: 10 * SECOND,
};
const OFTEN = METERS.filter(({ line }) => line in PERIODS);
const START = Date.parse('2027-03-10T08:45:00+08:00');
/** Real time by which the agent may stamp a reading away from the moment at which the device made it, s. */
const APART = 3;

interface Node {
  readonly id: string;
  readonly quantity: number | null;
  readonly quality: string;
  readonly counts: { readonly due: number; readonly received: number; readonly valid: number };
}
interface Account {
  readonly meters: readonly Node[];
}

let site: Site;
let agent: AgentProcess;
let person: Person;
let account: Account;
/** World time of the half hour whose account is looked at. */
let from: number;
let to: number;

beforeAll(async () => {
  const scenario = await loadScenario('building');
  const lines = scenario.lines.map((line) => ({
    ...line,
    devices: line.devices.map((device) => ({ ...device, every: PERIODS[line.id] ?? device.every })),
  }));
  site = await openSite({
    scenario: { ...scenario, lines, start: new Date(START).toISOString() },
    speed: SPEED,
    camera: false,
    broker: false,
    brokerUrl: 'mqtt://127.0.0.1:1',
  });
  agent = startAgent(site.file);
  person = await logIn((await agent.ready).link);
  await allRead(OFTEN, START);
  from = Math.ceil((site.street.clock.now() + APART * SPEED * SECOND) / QUARTER) * QUARTER;
  to = from + 2 * QUARTER;
  // The half hour is over and they have been read after it, and meanwhile all others.
  await allRead(OFTEN, to + APART * SPEED * SECOND);
  await allRead(METERS, START);
  await vi.waitFor(
    async () => {
      account = await person.get<Account>(`/energy/account?from=${from}&to=${to}`);
      expect(OFTEN.filter(({ id }) => account.meters.find((one) => one.id === id)?.quantity == null)).toEqual(
        [],
      );
    },
    { timeout: 60_000, interval: 500 },
  );
}, 240_000);

/** Until each of the meters has been read after a moment of world time. */
async function allRead(meters: readonly { id: string }[], after: number): Promise<void> {
  await vi.waitFor(
    () => expect(meters.filter(({ id }) => !served(id).some(({ time }) => time > after))).toEqual([]),
    { timeout: 120_000, interval: 500 },
  );
}

afterAll(async () => {
  await agent?.[Symbol.asyncDispose]();
  await site?.[Symbol.asyncDispose]();
});

interface Reading {
  /** World time, Unix epoch ms. */
  readonly time: number;
  readonly value: number;
}

/** What a register of a meter said by the simulator's ledger. */
function served(id: string, point = registerOf(meterOf(id))): Reading[] {
  const { street } = site;
  const { mono, wall } = street.clock.origin;
  const { line } = meterOf(id);
  const plan = street.scenario.lines.find((one) => one.id === line)?.devices.find((one) => one.id === id);
  return street.ledger.entries
    .filter(
      (one) =>
        one.line === line &&
        one.point === point &&
        one.intact &&
        (plan?.address === undefined ? one.unit === plan?.unit : one.meter?.endsWith(plan.address) === true),
    )
    .map((one) => ({ time: wall + (one.mono - mono) * SPEED, value: Number(one.value) }));
}

/** Least and most that a register can have shown at a moment, by what it said before and after. */
function around(readings: readonly Reading[], moment: number): { least: number; most: number } {
  const slack = APART * SPEED * SECOND;
  // One further: on a busy machine an answer may be served and come too late to be taken.
  const last = readings.findLastIndex(({ time }) => time <= moment - slack);
  const next = readings.findIndex(({ time }) => time >= moment + slack);
  const before = last < 0 ? undefined : readings[Math.max(0, last - 1)];
  const after = next < 0 ? undefined : readings[Math.min(readings.length - 1, next + 1)];
  return { least: before?.value ?? Number.NaN, most: after?.value ?? Number.NaN };
}

test('every meter of the building is read, over five protocols', async () => {
  // Only quarters that are over are told, and world time runs on.
  await vi.waitFor(
    async () => {
      const all = await person.get<Account>(`/energy/account?from=${START}&to=${to + 16 * QUARTER}`);
      const received = new Map(all.meters.map(({ id, counts }) => [id, counts.received]));
      expect(METERS.filter(({ id }) => (received.get(id) ?? 0) === 0).map(({ id }) => id)).toEqual([]);
    },
    { timeout: 60_000, interval: 500 },
  );
  expect(METERS).toHaveLength(40);
  expect(new Set(site.street.ledger.entries.map(({ line }) => line)).size).toBe(6);
}, 70_000);

test('the account of half an hour is what the registers ran in it', () => {
  let moved = 0;
  for (const { id, kind, ct = 1, ...plan } of OFTEN) {
    const both = countsBothWays({ id, ...plan });
    const registers = both
      ? ([
          ['-in', registerOf({ kind })],
          ['-out', 'energy-export'],
        ] as const)
      : ([['', registerOf({ kind })]] as const);
    for (const [suffix, point] of registers) {
      const node = account.meters.find((one) => one.id === `${id}${suffix}`);
      const readings = served(id, point);
      const [begin, end] = [around(readings, from), around(readings, to)];
      const factor = kind === 'heat' || kind === 'cooling' ? 0.0036 : ct;
      const [least, most] = [Math.max(0, end.least - begin.most) * factor, (end.most - begin.least) * factor];
      expect(node?.quantity, `${id} ${point}`).toBeGreaterThanOrEqual(least - 1e-6);
      expect(node?.quantity, `${id} ${point}`).toBeLessThanOrEqual(most + 1e-6);
      if (least > 0) moved += 1;
    }
  }
  // Those that stand still, or that were seldom read, prove little.
  expect(moved).toBeGreaterThanOrEqual(3);
});

test('the account is the truth that the building was simulated from', () => {
  for (const { id, ct = 1 } of OFTEN.filter(({ line }) => line.startsWith('modbus'))) {
    const seen = site.street.seenBy.get(id);
    const net = (time: number): number =>
      (seen?.load('feeder', time).phases ?? []).reduce(
        (sum, one) => sum + one.energy - (one.exported ?? 0),
        0,
      );
    const truth = ct * (net(to) - net(from));
    const told = account.meters.find((one) => one.id === id)?.quantity ?? Number.NaN;
    // A step of the display at both ends, and what ran between a reading and its stamp.
    expect(Math.abs(told - truth), id).toBeLessThan(ct * 0.02 + 0.25 * Math.abs(truth));
  }
});

test('completeness counts the readings that were served', () => {
  for (const { id, line } of OFTEN.filter((meter) => !countsBothWays(meter))) {
    const { due = 0, received = 0, valid } = account.meters.find((one) => one.id === id)?.counts ?? {};
    const slack = APART * SPEED * SECOND;
    const count = (by: number) => served(id).filter(({ time }) => time >= from - by && time < to + by).length;
    expect(valid, id).toBe(received);
    expect(received, id).toBeLessThanOrEqual(Math.min(due, count(slack)));
    // A telegram of the M-Bus that a pause of this process cuts is asked for again, and served twice.
    if (line !== 'mbus') expect(received, id).toBeGreaterThanOrEqual(Math.min(due, count(-slack) - 1));
  }
});
