/**
 * Profiles against what others have published: the register maps (one entry a register) and frames whose meaning a manual or
 * a measurement gives.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silent } from '../../../agent/core/log.ts';
import type { LineConfig } from '../../../agent/core/site.ts';
import { convert, isUnit, type Unit } from '../../../agent/core/unit.ts';
import modbus from '../../../drivers/modbus/index.ts';
import { deviceMap, type Mapped } from '../../../drivers/modbus/map.ts';
import { sunspecNames } from '../../../drivers/modbus/sunspec-models.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { fakeModbus } from './fake-modbus.ts';
import { device, profile } from './load.ts';

interface MapRegister {
  readonly name: string;
  readonly address?: number;
  readonly type?: string;
  readonly scale?: number;
  readonly unit?: string;
  /** SunSpec: names of points, `..` for those of the phases that follow. */
  readonly points?: readonly string[];
}
interface RegisterMap {
  readonly vendor: string;
  readonly model: string;
  readonly function_code: number;
  readonly registers: readonly MapRegister[];
}
interface FrameCase {
  readonly profile: string;
  readonly registers: Readonly<Record<string, string>>;
  readonly read: Readonly<Record<string, number>>;
  readonly source: string;
}

const vectors = join(import.meta.dirname, '../../vectors');
const maps = JSON.parse(readFileSync(join(vectors, 'register-maps.json'), 'utf8')) as RegisterMap[];
const frames = JSON.parse(readFileSync(join(vectors, 'profile-frames.json'), 'utf8')) as FrameCase[];
const line: LineConfig = {
  id: 'line',
  kind: 'serial',
  port: '/dev/ttyTest',
  timeout: 300,
  serial: { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
};

/** The profile of each map, by the beginning of its model. */
const STEMS: readonly (readonly [model: string, stem: string])[] = [
  ['SDM120', 'eastron-sdm120'],
  ['SDM630', 'eastron-sdm630'],
  ['SDM220', 'eastron-sdm220'],
  ['DTSU666', 'chint-dtsu666'],
  ['iEM3155', 'schneider-iem3155'],
  ['PRO380', 'inepro-pro380'],
  ['B21', 'abb-b23'],
  ['WE-514', 'orno-we-514'],
  ['UMG', 'janitza-umg'],
  ['DDM18SD', 'ddm-ddm18sd'],
  ['ADW300', 'acrel-adw300'],
  ['ADL400 (primary', 'acrel-adl400'],
  ['ADL400/T317', 'acrel-adl400-float'],
  ['Common + meter', 'sunspec-meter'],
  ['ultrasonic', 'renke-500-series'],
  ['RS-FSJT', 'renke-rs-fsjt-n01'],
  ['RS-FXJT', 'renke-rs-fxjt-n01'],
  ['temperature-humidity', 'renke-rs-ws'],
  ['soil 7-in-1', 'vms-3001-tr'],
  ['Terra AC', 'abb-terra-ac'],
  ['NG910', 'alfen-ng910'],
  ['P30', 'keba-p30'],
  ['Energy Control', 'heidelberg-energy-control'],
];
const UCUM: Readonly<Record<string, Unit>> = {
  '': '1',
  '%RH': '%',
  '0-7': '1',
  VA: 'V.A',
  dB: 'dB(A)',
  degC: 'Cel',
  kWh: 'kW.h',
  kvarh: 'kvar.h',
  level: '1',
  lux: 'lx',
  pH: '[pH]',
};

/** A step of the contents in the unit of the profile, as the map says; undefined where it says no unit. */
function stepOf(register: MapRegister, mapped: Mapped): number | undefined {
  if (register.unit === undefined || register.type === 'string') return undefined;
  const unit = UCUM[register.unit] ?? register.unit;
  if (!isUnit(unit)) throw new Error(`no unit ${register.unit}`);
  const { scale = 1 } = register;
  return convert(scale, unit, mapped.point.unit) - convert(0, unit, mapped.point.unit);
}

it('has a profile for each of the 23 published maps', () => {
  expect(maps.map(({ model }) => STEMS.filter(([start]) => model.startsWith(start)).length)).toEqual(
    new Array(23).fill(1),
  );
});

it('knows the points of the SunSpec meter', () => {
  const chain = maps.find(({ vendor }) => vendor === 'SunSpec')?.registers ?? [];
  const names = chain.flatMap(({ points = [] }) => points).filter((name) => !name.endsWith('_SF'));
  const known = sunspecNames([203]);
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !known.includes(name.replace(/\.\.$/, '')))).toEqual([]);
  expect(deviceMap(device(profile('sunspec-meter'))).options.sunspec).toContain(203);
});

describe.each(maps.filter(({ vendor }) => vendor !== 'SunSpec'))(
  '$vendor $model',
  ({ model, function_code: code, registers }) => {
    const stem = STEMS.find(([start]) => model.startsWith(start))?.[1] ?? '';
    const map = deviceMap(device(profile(stem)));

    it('is read as the map says: register, type, step and unit', () => {
      const rows = registers.map((register) => {
        const mapped = map.points.find(({ address }) => address === register.address);
        const want = [register.name, mapped?.function, mapped?.type, mapped?.wire.scale];
        if (mapped === undefined) return [want, [register.name, code, register.type, register.scale]];
        const step = stepOf(register, mapped) ?? mapped.wire.scale;
        return [want, [register.name, code, register.type, Number(step.toPrecision(9))]];
      });
      expect(rows.map(([got]) => got)).toEqual(rows.map(([, wanted]) => wanted));
    });
  },
);

describe.each(frames)('$profile: $source', ({ profile: stem, registers, read }) => {
  it('is read as the source says', async () => {
    const { exchange, registers: held } = fakeModbus();
    for (let address = 0; address < 128; address++) held.set(address, 0);
    for (const [start, words] of Object.entries(registers)) {
      for (let i = 0; i < words.length; i += 4) {
        held.set(Number.parseInt(start, 16) + i / 4, Number.parseInt(words.slice(i, i + 4), 16));
      }
    }
    const session = modbus.open(
      { device: device(profile(stem)), clock: new VirtualClock(), log: silent },
      line,
    );
    const readings = [];
    for (const poll of session.polls) {
      readings.push(...(await poll.execute(exchange, new AbortController().signal)));
    }
    const got = readings.filter(({ point }) => read[point] !== undefined);
    expect(Object.fromEntries(got.map(({ point, value }) => [point, value]))).toEqual(read);
  });
});

describe('a value with the number of its decimals in another register', () => {
  const read = async (contents: number, decimals: number) => {
    const { exchange, registers: held } = fakeModbus();
    for (let address = 0; address < 16; address++) held.set(address, 0);
    held.set(3, decimals);
    held.set(4, contents);
    const session = modbus.open(
      { device: device(profile('qdy-30a')), clock: new VirtualClock(), log: silent },
      line,
    );
    const readings = [];
    for (const poll of session.polls) {
      readings.push(...(await poll.execute(exchange, new AbortController().signal)));
    }
    return readings.find(({ point }) => point === 'level');
  };

  it.each([
    [1240, 0, 1240],
    [1240, 1, 124],
    [1240, 2, 12.4],
    [0xffff, 1, -0.1],
  ])('%d with %d decimals is %d', async (contents, decimals, value) => {
    expect(await read(contents, decimals)).toMatchObject({ value, quality: 'good', unit: 'cm' });
  });

  it.each([10, 0x8000, 0xffff])('%d decimals are none', async (decimals) => {
    expect(await read(1240, decimals)).toMatchObject({ value: null, reason: 'not-available' });
  });
});
