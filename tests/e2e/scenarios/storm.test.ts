/**
 * The scenario `storm` in half a minute: the station feels it, the underpass floods and dries, lightning dips the mains and spoils the
 * line, one cause explains many alarms, the sign warns, and at the end every alarm is gone and every reading there.
 */
import { expect, test } from 'vitest';
import { runFaultPlan } from '../../../hw-sim/fault-plan.ts';
import { loadScenario } from '../../../hw-sim/scenario.ts';
import { play } from './play.ts';

const SPEED = 300;
const MINUTE = 60_000;
/** When in the street's time, and how long in life, ms. */
const LASTING: Readonly<Record<string, { readonly at: number; readonly for: number } | undefined>> = {
  'mains-dip': { at: 20 * MINUTE, for: 8000 },
  'door-open': { at: 60 * MINUTE, for: 10_000 },
};

interface Alarms {
  readonly alarms: readonly {
    readonly status: { readonly alarm: string; readonly active: boolean; readonly suppressedBy?: string };
  }[];
}
interface Health {
  readonly parts: readonly { readonly part: string; readonly state: string; readonly message?: string }[];
}

test('wind, flood, lightning, warning: raised, explained, cleared', { timeout: 300_000 }, async () => {
  const scenario = await loadScenario('storm');
  // Lines, meters and doors keep their own time, however fast the street runs: what they are struck with lasts as long as in life.
  const faults = scenario.faults
    .flatMap((one) => {
      const lasting = LASTING[one.fault];
      return lasting === undefined ? [] : [{ ...one, at: lasting.at, for: lasting.for * SPEED }];
    })
    .filter((one, i, all) => all.findIndex(({ fault }) => fault === one.fault) === i);
  const lines = scenario.lines.map((line) => ({
    ...line,
    devices: line.devices.map((device) => ({ ...device, every: 1000 })),
  }));
  // The shipped ones wait minutes of life before water counts as gone.
  const shipped = ['cabinet-door', 'power-failure', 'lamp-fault', 'line-down', 'device-silent'];
  const soon = { priority: 'high', delay: '1s', clear_delay: '3s' };
  const level = { device: 'underpass', point: 'level', unit: 'mm', hi: 150, hihi: 270, deadband: 20 };
  const wet = { device: 'underpass', point: 'flood-alarm', is: true };
  const alarms = {
    ...scenario.alarms,
    shipped,
    define: [
      ...(Array.isArray(scenario.alarms?.define) ? scenario.alarms.define : []),
      { ...soon, id: 'underpass-level', title: { en: 'Water on the road' }, limit: level },
      { ...soon, id: 'underpass-flood-alarm', title: { en: 'Water' }, state: wet },
    ],
  };
  await using played = await play({ ...scenario, lines, faults, alarms }, { speed: SPEED });
  const { street, city, person } = played;
  played.begin();
  const storm = scenario.storm;
  const dry = (storm?.end ?? 0) + ((storm?.end ?? 0) - (storm?.peak ?? 0)) / 2;
  // Dry again, and after it long enough for alarms that clear late.
  const over = street.world.start + dry + 10 * MINUTE;
  const face = async (): Promise<string> => JSON.stringify(await person.get('/sign/screen').catch(() => ''));
  const stood = new Set<string>();
  let warned = false;
  let suppressed = false;
  while (street.clock.now() < over) {
    const [{ alarms }, shown] = await Promise.all([person.get<Alarms>('/alarms'), face()]);
    for (const { status } of alarms) if (status.active) stood.add(status.alarm);
    suppressed ||= alarms.some(({ status }) => status.suppressedBy !== undefined);
    warned ||= shown.includes('雷暴红色预警') || shown.includes('Severe thunderstorm');
    await new Promise((done) => setTimeout(done, 200));
  }
  const told = (what: string) =>
    new Set(
      played
        .events('alarm')
        .filter(({ body }) => body.what === what)
        .map(({ body }) => String(body.alarm)),
    );
  // In a flood those that are not urgent are told together, so what stood is looked at too.
  const raised = told('raised').union(stood);
  for (const alarm of [
    'gale-hi',
    'gale-hihi',
    'low-pressure',
    'underpass-level-hi',
    'underpass-level-hihi',
    'underpass-flood-alarm',
    'board-cabinet-door',
  ]) {
    expect([...raised].sort(), alarm).toContain(alarm);
  }
  expect(
    [...raised].some((id) => /voltage-l1-lo$/.test(id)),
    [...raised].join(' '),
  ).toBe(true);
  expect(warned).toBe(true);
  expect(suppressed).toBe(true);

  // That there were many is an alarm itself, for ten minutes of life.
  const standing = async () =>
    (await person.get<Alarms>('/alarms')).alarms
      .filter(({ status }) => status.active && status.alarm !== 'alarm-flood')
      .map(({ status }) => status.alarm);
  await expect.poll(standing, { timeout: 40_000, interval: 500 }).toEqual([]);
  const values = (device: string, point: string) =>
    [...city.records.values()].flatMap((one) =>
      one.device === device && one.point === point && typeof one.value === 'number' ? [one.value] : [],
    );
  expect(Math.max(...values('station', 'wind-speed'))).toBeGreaterThan(17.2);
  expect(Math.max(...values('station', 'rain'))).toBeGreaterThan(30);
  expect(Math.min(...values('station', 'pressure'))).toBeLessThan(100.4);
  expect(Math.max(...values('underpass', 'level'))).toBeGreaterThan(350);
  expect(values('underpass', 'level').at(-1)).toBeLessThan(100);
  expect(Math.min(...values('meter-feeder', 'voltage-l1'))).toBeLessThan(110);

  // What lightning has left in the line: an arrester that talks all the time, and devices behind it that are named.
  const babble = scenario.faults.flatMap((one) =>
    one.fault === 'babble' ? [{ ...one, at: 0, for: undefined }] : [],
  );
  const onLine = scenario.lines.find(({ id }) => id === 'rs485-1')?.devices.map(({ id }) => `device:${id}`);
  const ill = async () => {
    const { parts } = await person.get<Health>('/health');
    const bad = parts.filter(({ state, message }) => state !== 'ok' && message !== undefined);
    return bad.filter(({ part }) => onLine?.includes(part)).length;
  };
  {
    using _ = runFaultPlan(babble, street, scenario.clock);
    await expect.poll(ill, { timeout: 60_000, interval: 200 }).toBeGreaterThan(0);
  }
  await expect
    .poll(() => city.ledger.report(), { timeout: 20_000 })
    .toMatchObject({ missing: 0, conflicts: 0, outOfOrder: 0 });
});
