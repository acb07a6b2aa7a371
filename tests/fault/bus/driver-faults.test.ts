/**
 * The faults of the field under every driver whose devices are not asked on a shared serial line (those have
 * device-faults.test.ts and meter-faults.test.ts): no value is published that no device said, silence is told, the well
 * device beside the ill one misses nothing, and all is good again soon after.
 */
import { afterEach, describe, expect, test } from 'vitest';
import type { Reading } from '../../../agent/core/reading.ts';
import type { DeviceConfig, LineConfig } from '../../../agent/core/site.ts';
import { DRIVERS, driverFor } from '../../../drivers/index.ts';
import { ArduinoFirmata } from '../../../hw-sim/devices/arduino-firmata.ts';
import { PlantowerPms5003 } from '../../../hw-sim/devices/plantower-pms5003.ts';
import { SERIAL_TALKERS } from '../../../hw-sim/devices/serial-talkers.ts';
import * as faults from '../../../hw-sim/faults.ts';
import type { LineDevice } from '../../../hw-sim/lines/wire.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { profile } from '../../unit/drivers/load.ts';
import { alone } from '../../unit/drivers/simulated.ts';
import { FireTalker, TOLD } from './fire-talker.ts';
import { answering, ILL, type Street, sending, talking, WELL, world } from './ill-street.ts';

interface Subject {
  readonly protocol: string;
  readonly stem: string;
  open(clock: VirtualClock): Street;
  /** Where it is not one as its profile has it. */
  readonly device?: DeviceConfig;
  readonly faults: readonly faults.Fault[];
  /** Faults that a protocol without a check cannot tell from the truth: only recovery is asked of these. */
  readonly blind?: readonly string[];
  /** A frame holds several sentences with a check each: what damages one leaves the others true. */
  readonly sentences?: boolean;
  /** Both devices hang on what is lost. */
  readonly shared?: boolean;
}

/** The adapter is pulled, the connection lost, the host away: not a fault of the wire but of what it hangs on. */
const LOST: faults.Fault = { name: 'connection lost' };

/** The same answer comes twice. */
function doubled(): faults.Fault {
  return { name: 'doubled', answer: (one) => [one, { ...one, at: (one.at ?? 0) + 1 }] };
}

const BYTES = (drip: number): readonly faults.Fault[] => [
  faults.silence(),
  faults.checksumError(),
  faults.checksumError(undefined, 0.5, 7),
  faults.lateAnswer(450),
  faults.truncated(2),
  faults.glued(),
  faults.dripping(drip),
  faults.noise(11),
  faults.babble(3),
  LOST,
];
// The kernel drops a datagram with a wrong check, and its bytes come at once or not at all: no wrong check, no dripping.
const DATAGRAMS: readonly faults.Fault[] = [
  faults.silence(),
  faults.lateAnswer(450),
  faults.lateAnswer(1500, undefined, 0.5, 3),
  faults.truncated(2),
  faults.glued(),
  faults.noise(11),
  doubled(),
  LOST,
];
const MESSAGES: readonly faults.Fault[] = [
  faults.silence(),
  faults.checksumError(),
  faults.checksumError(undefined, 0.5, 7),
  faults.lateAnswer(60_000),
  faults.truncated(2),
  faults.glued(),
  faults.noise(11),
  faults.babble(3, 600_000),
  doubled(),
  LOST,
];

const serial = (baud: number): LineConfig & { readonly serial: { readonly baud: number } } => ({
  id: 'line',
  kind: 'serial',
  port: 'sim',
  timeout: 300,
  serial: { baud, dataBits: 8, parity: 'none', stopBits: 1 },
});

function talker(
  stem: string,
  baud: number,
  more: Partial<Subject> & { readonly options?: DeviceConfig['options']; readonly drip?: number } = {},
): Subject {
  const { options, drip = 5, ...rest } = more;
  const make = (clock: VirtualClock): LineDevice => {
    const device = SERIAL_TALKERS.get(stem)?.(world(clock));
    if (device === undefined) throw new Error(`no simulated ${stem}`);
    return device;
  };
  return {
    protocol: profile(stem).protocol,
    stem,
    device: alone(stem, options),
    open: (clock) => talking(clock, serial(baud), alone(stem, options), () => make(clock)),
    faults: BYTES(drip),
    ...rest,
  };
}

const panel: DeviceConfig = (() => {
  const config = alone('generic-gb26875-panel');
  const points = config.profile.points.filter(({ id }) => TOLD.includes(id));
  return { ...config, profile: { ...config.profile, points } };
})();

const SUBJECTS: readonly Subject[] = [
  {
    protocol: 'plantower',
    stem: 'plantower-pms5003',
    open: (clock) =>
      talking(clock, serial(9600), alone('plantower-pms5003'), () => new PlantowerPms5003(world(clock))),
    faults: BYTES(5),
  },
  {
    protocol: 'firmata',
    stem: 'arduino-firmata',
    open: (clock) =>
      talking(clock, serial(57_600), alone('arduino-firmata'), () => new ArduinoFirmata(world(clock))),
    faults: BYTES(5),
    // Firmata has no check at all.
    blind: ['checksum-error', 'truncated', 'noise', 'babble'],
  },
  talker('nova-sds011', 9600, { options: { period: 0 } }),
  talker('sensirion-sps30', 115_200),
  talker('winsen-mhz19b', 9600),
  talker('dfrobot-a02yyuw', 9600),
  talker('honeywell-hpma115s0', 9600),
  // Ten sentences a second: twice as many, or more time between their bytes, would not get through at 9600 baud.
  talker('generic-nmea0183-gnss', 38_400, { drip: 0.5, sentences: true }),
  talker('generic-framed-gas', 9600),
  // Answers of V.250 are text without a check.
  talker('quectel-ec25', 115_200, { blind: ['checksum-error', 'truncated', 'noise', 'babble'] }),
  {
    protocol: 'gb26875',
    stem: 'generic-gb26875-panel',
    open: (clock) =>
      talking(
        clock,
        {
          id: 'line',
          kind: 'caller',
          host: '127.0.0.1',
          port: 5200,
          transport: 'tcp',
          timeout: 3000,
          serial: { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
        },
        panel,
        () => new FireTalker(),
      ),
    faults: BYTES(5),
  },
  ...(['generic-bacnet-controller', 'generic-rfc1628-ups'] as const).map((stem): Subject => {
    const { protocol } = profile(stem);
    const line: LineConfig = { id: 'line', kind: 'udp', host: '10.0.0.9', port: 161, timeout: 1000 };
    return {
      protocol,
      stem,
      open: (clock) => answering(clock, line, alone(stem)),
      faults: DATAGRAMS,
    };
  }),
  {
    protocol: 'mqtt-in',
    stem: 'milesight-em300-sld',
    open: (clock) =>
      sending(
        clock,
        { id: 'line', kind: 'mqtt', url: 'mqtt://broker.test', clientId: 'pole', timeout: 1000 },
        'milesight-em300-sld',
        ['24e124148b492113', '24e124148b492114'],
        600_000,
      ),
    faults: MESSAGES,
    shared: true,
  },
  {
    protocol: 'http-in',
    stem: 'generic-http-smoke',
    open: (clock) =>
      sending(
        clock,
        { id: 'line', kind: 'http', host: '127.0.0.1', port: 0, maxBody: 65_536, timeout: 1000 },
        'generic-http-smoke',
        ['868508064807350', '868508064807351'],
        600_000,
      ),
    faults: MESSAGES,
    shared: true,
  },
];

/** Where the faults of the others are played. */
const ELSEWHERE = {
  modbus: 'device-faults.test.ts',
  dlt645: 'meter-faults.test.ts',
  cjt188: 'meter-faults.test.ts',
  mbus: 'meter-faults.test.ts',
  reach: 'neighbour-faults.test.ts',
  'text-panel': 'panel-faults.test.ts',
  // A WebSocket has no bytes to flip: its cuts, boots, nonsense and endless messages stand with its other tests.
  ocpp: '../../unit/drivers/ocpp.test.ts',
};

test('every driver of the list has its faults played', () => {
  const played = new Set([...SUBJECTS.map(({ protocol }) => protocol), ...Object.keys(ELSEWHERE)]);
  expect([...played].sort()).toEqual(DRIVERS.map(({ protocol }) => protocol).sort());
});

let street: Street | undefined;
afterEach(async () => {
  await street?.[Symbol.asyncDispose]();
  street = undefined;
});

/** Two seconds of rounding in the times of messages that bring their own. */
const ROUNDED = 2000;

/** Values of the ill device that it did not say: neither of late nor as its last word on the point. */
function wrong(
  readings: readonly Reading[],
  { ledger, device }: Street,
  sentences = false,
): readonly Reading[] {
  const recent = 3 * (device.every ?? device.profile.every) + 10_000;
  const said = Map.groupBy(
    ledger.entries.filter(({ intact }) => intact || sentences),
    ({ point }) => point,
  );
  const steps = new Map(
    device.profile.points.map(({ id, decimals = 9 }) => [id, 0.5 * 10 ** -decimals + 1e-9]),
  );
  return readings.filter(({ device: id, point, value, time }) => {
    if (id !== ILL || value === null) return false;
    const before = (said.get(point) ?? []).filter(({ mono }) => mono <= time + ROUNDED);
    const last = before.at(-1);
    const same = (truth: unknown) =>
      typeof value === 'number'
        ? Math.abs(value - Number(truth)) <= (steps.get(point) ?? 0)
        : value === truth;
    return !(
      (last !== undefined && same(last.value)) ||
      before.some((one) => time - one.mono < recent && same(one.value))
    );
  });
}

async function pass(clock: VirtualClock, ms: number, step: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += step) await clock.advance(Math.min(step, ms - passed));
}

/** Points of the ill device of which the last word is not a good one, or not of since `from` where the well one's is. */
function ailing({ readings, device }: Street, from: number): readonly string[] {
  const last = (id: string, point: string, since: number) => {
    let at = readings.length - 1;
    while (at >= since && (readings[at]?.device !== id || readings[at]?.point !== point)) at--;
    return at < since ? -1 : at;
  };
  const points = device.profile.points.map(({ id }) => id);
  if (points.every((point) => last(WELL, point, from) < 0)) return points;
  return points.filter((point) => {
    const since = last(WELL, point, from) < 0 ? 0 : from;
    return readings[last(ILL, point, since)]?.quality !== 'good';
  });
}

/** Lets time pass until every point is good; ms it took. */
async function wellAgain(the: Street, clock: VirtualClock, limit: number, step: number): Promise<number> {
  const from = the.readings.length;
  const since = clock.mono();
  while (ailing(the, from).length > 0 && clock.mono() - since < limit) await clock.advance(step);
  expect(ailing(the, from)).toEqual([]);
  return clock.mono() - since;
}

/** ms that a fault lasts: until silence has been told at least twice. */
function lastsOf({ protocol, stem, device = alone(stem) }: Subject): number {
  const driver = driverFor(protocol);
  const stale = driver !== undefined && 'staleAfter' in driver ? driver.staleAfter(device) : 30_000;
  return Math.max(60_000, 3 * stale);
}

/** ms until all is good again at the latest: warming up takes three minutes, what is read once an hour comes then. */
function limitOf({ stem }: Subject): number {
  const { every, points } = profile(stem);
  return 600_000 + 2 * Math.max(every, ...points.map((point) => point.every ?? 0));
}

/** A second or two on a free core. */
const PATIENCE = { timeout: 60_000 };

describe.each(SUBJECTS.map((subject) => [`${subject.protocol} (${subject.stem})`, subject] as const))(
  '%s',
  (_, subject) => {
    const lasts = lastsOf(subject);
    const limit = limitOf(subject);
    // Who sends six times an hour needs no look every second.
    const step = subject.shared === true ? 60_000 : 1000;

    test.each(subject.faults.map((fault) => [fault.name, fault] as const))(
      '%s',
      PATIENCE,
      async (name, fault) => {
        const clock = new VirtualClock();
        street = subject.open(clock);
        const the = street;
        const mute = fault === LOST || name === 'silence';
        const spans = mute ? lasts : Math.max(60_000, 3 * the.device.profile.every);
        await wellAgain(the, clock, limit, step);
        const before = the.readings.length;
        const began = clock.mono();
        {
          using _struck = fault === LOST ? the.unplug() : the.inject(fault);
          await pass(clock, spans, step);
        }
        const during = the.readings.slice(before);
        // The well one has gone on as if nothing were.
        const beside = during.filter(({ device }) => device === WELL);
        expect(beside.length).toBeGreaterThan(0);
        const alike = fault === LOST && subject.shared === true;
        expect(beside.some(({ quality }) => quality === 'bad')).toBe(alike);
        if (mute) {
          const last = during.filter(({ device, time }) => device === ILL && time > began + spans / 2);
          expect(last.length).toBeGreaterThan(0);
          expect(new Set(last.map(({ quality }) => quality))).toEqual(new Set(['bad']));
          for (const { reason } of last) expect(['timeout', 'communication-failure']).toContain(reason);
          expect(the.health().some(({ state }) => state === 'down' || state === 'degraded')).toBe(true);
        }
        await wellAgain(the, clock, limit, step);
        expect(the.health().map(({ state }) => state)).not.toContain('down');
        if (subject.blind?.includes(name) === true) return;
        expect(wrong(the.readings, the, subject.sentences)).toEqual([]);
      },
    );

    test('the judge can tell a wrong value', async () => {
      const clock = new VirtualClock();
      street = subject.open(clock);
      await wellAgain(street, clock, limit, step);
      const numbers = street.readings.filter(({ device, value }) => device === ILL && value !== null);
      expect(numbers.length).toBeGreaterThan(0);
      expect(wrong(numbers, street)).toEqual([]);
      const lies = numbers.map((one) => ({
        ...one,
        value: typeof one.value === 'number' ? one.value + 12_345 : `not ${one.value}`,
      }));
      expect(wrong(lies, street)).toHaveLength(lies.length);
    });
  },
);
