/** Seeded nonsense into what takes messages of chargers; `FUZZ_INPUTS` as in the other fuzz tests. */
import { describe, expect, it } from 'vitest';
import { decode } from '../../../drivers/index.ts';
import { meterValueSchema, pick, samplesOf, timeOf } from '../../../drivers/ocpp/meter-values.ts';
import { type Connector, Station } from '../../../drivers/ocpp/station.ts';
import { EnergySums } from '../../../drivers/ocpp/sums.ts';
import { seeded } from '../../support/seeded.ts';

/** A twentieth: each input is a whole message through a schema. */
const INPUTS = Number(process.env.FUZZ_INPUTS ?? 1_000_000) / 20;
const LIMIT = 60_000 + INPUTS;

const ACTIONS = [
  'BootNotification',
  'Heartbeat',
  'StatusNotification',
  'Authorize',
  'StartTransaction',
  'StopTransaction',
  'MeterValues',
  'DataTransfer',
  'FirmwareStatusNotification',
  'toString',
  '__proto__',
];
const KEYS = [
  'connectorId',
  'transactionId',
  'meterStart',
  'meterStop',
  'timestamp',
  'idTag',
  'status',
  'errorCode',
  'meterValue',
  'transactionData',
  'sampledValue',
  'value',
  'measurand',
  'phase',
  'unit',
  '__proto__',
];
const VALUES = [
  '1',
  '-0',
  '1e999',
  'NaN',
  'kWh',
  'Wh',
  'L1',
  'Voltage',
  '2027-03-04T08:00:00',
  'Available',
  '',
  'x'.repeat(600),
];

function nonsense(random: () => number, depth = 0): unknown {
  const dice = Math.floor(random() * (depth > 4 ? 5 : 8));
  const any = (of: readonly string[]) => of[Math.floor(random() * of.length)] ?? '';
  if (dice === 0) return null;
  if (dice === 1) return (random() - 0.5) * 10 ** Math.floor(random() * 20);
  if (dice === 2) return Math.floor(random() * 4);
  if (dice === 3) return random() < 0.5;
  if (dice === 4) return any(VALUES);
  if (dice === 5) return Array.from({ length: Math.floor(random() * 4) }, () => nonsense(random, depth + 1));
  return Object.fromEntries(
    Array.from({ length: Math.floor(random() * 7) }, () => [any(KEYS), nonsense(random, depth + 1)]),
  );
}

describe('nonsense', () => {
  it('is answered by an object or refused with a code, and never counts as less than nothing', {
    timeout: LIMIT,
  }, () => {
    const random = seeded(16);
    const sums = new EnergySums(22_000, undefined, 1);
    const now = Date.UTC(2027, 2, 4);
    const connector: Connector = {
      connector: 1,
      password: undefined,
      arrived: () => {},
      left: () => {},
      booted: () => sums.booted(),
      status: () => {},
      meter: (values) => {
        for (const value of values) {
          const samples = samplesOf([value]);
          const register = pick(samples, { measurand: 'Energy.Active.Import.Register' });
          if (register !== undefined) sums.take(register.value, Math.min(register.time ?? now, now), now);
          for (const { value: number } of samples) expect(Number.isFinite(number)).toBe(true);
        }
      },
      start: (key, register, time) => {
        sums.take(register, Math.min(time ?? now, now), now);
        return sums.start(key, now, 1);
      },
      stop: (id, register, time) => {
        if (register !== undefined) sums.take(register, Math.min(time ?? now, now), now);
        return sums.end(id, now);
      },
      allowed: () => true,
      progress: () => {},
    };
    const station = new Station({ now: () => ({ time: now, trusted: true }) });
    using _ = station.join(connector);
    let taken = 0;
    let before = 0;
    for (let i = 0; i < INPUTS; i++) {
      const action = ACTIONS[Math.floor(random() * ACTIONS.length)] ?? '';
      try {
        expect(typeof station.take(action, nonsense(random))).toBe('object');
        taken += 1;
      } catch (error) {
        expect(error).toHaveProperty('rpcErrorCode');
      }
      expect(sums.total).toBeGreaterThanOrEqual(before);
      before = sums.total;
    }
    expect(taken).toBeGreaterThan(INPUTS / 20);
    expect(JSON.parse(String(sums)).v).toBe(1);
    expect(new EnergySums(22_000, String(sums), 1).total).toBe(sums.total);
  });

  it('is explained or refused by decode', { timeout: LIMIT }, () => {
    const random = seeded(17);
    for (let i = 0; i < INPUTS / 4; i++) {
      const whole = JSON.stringify([2, 'a', 'MeterValues', nonsense(random)]);
      const text = random() < 0.3 ? whole.slice(0, Math.floor(random() * whole.length)) : whole;
      expect(typeof decode('ocpp1.6j', text).ok).toBe('boolean');
    }
  });

  it('a memory that is damaged is an empty one, and a time is a time or none', () => {
    for (const text of ['', '{}', 'null', '{"v":1}', '{"v":2,"total":5}', '[]']) {
      expect(new EnergySums(1000, text, 7).total).toBe(0);
    }
    expect(timeOf('2021-06-21T16:15:02.648607')).toBe(Date.UTC(2021, 5, 21, 16, 15, 2, 648));
    expect(timeOf('2021-06-21T16:15:02+08:00')).toBe(Date.UTC(2021, 5, 21, 8, 15, 2));
    expect(timeOf('yesterday')).toBeUndefined();
    expect(
      samplesOf(meterValueSchema.parse([{ sampledValue: [{ value: '0x1F' }, { value: '-0' }] }])),
    ).toMatchObject([{ value: 0, unit: 'W.h' }]);
  });
});

describe('the register', () => {
  const HOUR = 3_600_000;
  it('that falls counts from 0, that leaps does not count, that comes late does not count', () => {
    const sums = new EnergySums(22_000, undefined, 1);
    const at = (hours: number) => hours * HOUR;
    const take = (register: number, hours: number) => sums.take(register, at(hours), at(100));
    expect(take(100_000, 1)).toBe('first');
    expect(take(110_000, 2)).toBe('counted');
    expect(take(105_000, 1.5)).toBe('late');
    expect(take(2000, 3)).toBe('reset');
    expect(take(900_000, 4)).toBe('implausible');
    expect(take(901_000, 5)).toBe('counted');
    expect(sums.total).toBe(13_000);
    // Another meter with less on it: what it shows cannot have flowed since.
    expect(take(400_000, 6)).toBe('implausible');
    expect(sums.total).toBe(13_000);
    // A sample of a clock that was ahead does not make all that follow late.
    expect(sums.take(400_500, at(101), at(101))).toBe('counted');
    expect(sums.take(401_000, at(7), at(7))).toBe('counted');
    expect(sums.total).toBe(14_000);
  });
});
