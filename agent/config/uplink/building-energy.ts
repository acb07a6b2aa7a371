/** The block `building_energy` of an uplink: its keys, and what becomes of them. */
import * as z from 'zod';
import { BUILDING_ENERGY_PLATFORMS, type BuildingEnergyUplinkConfig } from '../../core/site.ts';
import { definedOnly, unit } from '../device/profile.ts';
import { secret } from '../secret.ts';
import { duration, flag, hostPort, id, integer, number, oneOf, text } from '../values.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const settings = z
  .strictObject({
    mode: oneOf(['cbc', 'ecb', 'none'], 'cbc').optional().describe('Mode of AES-128; none: in the clear'),
    padding: oneOf(['zero', 'pkcs7'], 'pkcs7').optional().describe('Of the last AES block'),
    iv: oneOf(['key', 'zero', 'own'], 'key')
      .optional()
      .describe('Start value of CBC: the key itself, zeros, or iv'),
    crc: oneOf(['none', 'from-head', 'from-sequence'], 'from-head')
      .optional()
      .describe('What the checksum is reckoned over'),
    crc_order: oneOf(['le', 'be'], 'be').optional().describe('Which byte of the check comes first'),
    type: oneOf(['operation', 'group', 'none'], 'operation')
      .optional()
      .describe('What stands in the element type'),
    version: text('a version', '"2"').optional().describe('Attribute version of every group'),
    md5: oneOf(['secret-last', 'secret-first'], 'secret-last')
      .optional()
      .describe('Where the secret stands in the digest'),
    errors: z
      .strictObject({
        good: text('a code', '"0"').describe('Error code of a good value'),
        uncertain: text('a code', '"1"').describe('Of an uncertain one'),
        bad: text('a code', '"1"').describe('Of a bad one'),
      })
      .optional()
      .describe('Attribute error by quality'),
    acknowledge: oneOf(['report', 'heart-beat'], 'report')
      .optional()
      .describe('What settles a report: its acknowledgement, or the answer to a heart-beat behind it'),
    national_building: flag().optional().describe('Whether the code of the building has the national form'),
    compress: flag().optional().describe('zlib, where the platform has a kind of packet for it'),
  })
  .describe('What the platform does otherwise than its name says');

const energyFunction = z.strictObject({
  id: text('the number or name of the function', '"1"'),
  device: id('meter-1').optional().describe("Default: the meter's"),
  point: id('energy-import'),
  code: text('an energy code', '"01A00"')
    .optional()
    .describe('Its energy code, where the centre asks for it'),
  unit: unit.optional().describe('On the wire. Default: of the code; without a code that of the point'),
});

const meter = z.strictObject({
  id: text('the id of the meter at the centre', '"1"'),
  device: id('meter-1').optional(),
  address: text('an address', '"000000000001"')
    .optional()
    .describe('Number of the meter at the centre, where it wants one'),
  functions: z.array(energyFunction).min(1).describe('What of the meter is sent'),
});

export const buildingEnergy = z
  .strictObject({
    server: hostPort('10.0.0.9:7000').describe('Of the centre'),
    platform: oneOf(BUILDING_ENERGY_PLATFORMS, 'guideline')
      .prefault('guideline')
      .describe('How frames, encryption and documents look; settings may change parts of it'),
    settings: settings.optional(),
    building: text('the code of the building', '"310101A064"').describe('Code of the building'),
    gateway: text('the number of the collector', '"01"').describe('Number of this collector in the building'),
    key: secret(`\${env:ENERGY_KEY}`).optional().describe('16 characters or 32 hex digits'),
    iv: secret(`\${env:ENERGY_IV}`).optional().describe('With iv: own, the 16 bytes'),
    secret: secret(`\${env:ENERGY_SECRET}`).optional().describe('Of the login'),
    next_key: secret(`\${env:ENERGY_NEXT_KEY}`)
      .optional()
      .describe('Tried where the centre refuses the first'),
    next_secret: secret(`\${env:ENERGY_NEXT_SECRET}`)
      .optional()
      .describe('Tried where the centre no longer takes secret'),
    codes: oneOf(['national', 'local'], 'national').prefault('national').describe('Tree of energy codes'),
    more_codes: z
      .record(z.string(), text('a name', 'Local item'))
      .prefault({})
      .describe('Codes of the platform beside the tree'),
    meters: z.array(meter).min(1).describe('What the centre knows the meters as'),
    every: duration(MINUTE, 60 * MINUTE, '15min')
      .prefault('15min')
      .describe('Period of the reports'),
    period_by_centre: flag().prefault(true).describe('Whether the centre may set it'),
    align: duration(0, 30 * MINUTE, '60s')
      .prefault('60s')
      .describe('A value this close behind the beginning of a period stands for it'),
    gather: duration(0, 5 * MINUTE, '10s')
      .prefault('10s')
      .describe('Longest wait for missing values of a period'),
    heart_beat: duration(SECOND, 10 * MINUTE, '60s')
      .prefault('60s')
      .describe('Between signs of life'),
    timeout: duration(SECOND, 10 * MINUTE, '30s')
      .prefault('30s')
      .describe('Longest wait for an acknowledgement'),
    clock: oneOf(['untrusted', 'never'], 'untrusted')
      .prefault('untrusted')
      .describe("Whether the centre's time is taken where nothing better is known"),
    in_flight: integer(1, 256, 16).prefault(16).describe('Messages on their way at once'),
    replay_rate: number(0, 1e6, 0).prefault(0).describe('Records of backlog per second; 0: no limit'),
  })
  .describe('分项能耗: sub-metered energy of a building, to the centre of a city');

export type BuildingEnergyFile = z.output<typeof buildingEnergy>;

/** Keys that refer to secrets. */
export const ENERGY_SECRETS = ['key', 'iv', 'secret', 'next_key', 'next_secret'] as const;
type Secrets = Readonly<Partial<Record<(typeof ENERGY_SECRETS)[number], string>>>;

/** Where its values come from; a function without a device is wrong and told before. */
export function buildingEnergyOf(
  uplink: string,
  file: BuildingEnergyFile,
  secrets: Secrets,
  common: Pick<BuildingEnergyUplinkConfig, 'select' | 'hold'>,
): BuildingEnergyUplinkConfig {
  const { crc_order, national_building, ...plain } = file.settings ?? {};
  const meters = file.meters.map(({ id: meterId, address, device, functions }) => ({
    id: meterId,
    ...definedOnly({ address }),
    functions: functions.map(({ device: own, ...rest }) => ({
      ...definedOnly(rest),
      device: own ?? device ?? '',
    })),
  }));
  const select = meters.flatMap(({ functions }) =>
    functions.map(({ device, point }) => ({ device, point, send: 'all' as const })),
  );
  const { key, iv, secret: login, next_key, next_secret } = secrets;
  return {
    id: uplink,
    kind: 'building-energy',
    select,
    ...common,
    ...file.server,
    platform: file.platform,
    settings: definedOnly({ ...plain, crcOrder: crc_order, nationalBuilding: national_building }),
    building: file.building,
    gateway: file.gateway,
    ...definedOnly({ key, iv, secret: login, nextKey: next_key, nextSecret: next_secret }),
    codes: file.codes,
    moreCodes: file.more_codes,
    meters,
    every: file.every,
    periodByCentre: file.period_by_centre,
    align: file.align,
    gather: file.gather,
    heartBeat: file.heart_beat,
    timeout: file.timeout,
    clock: file.clock,
    inFlight: file.in_flight,
    replayRate: file.replay_rate,
  };
}

/** Points the block names, with the place of each. */
export function energyPlaces(file: BuildingEnergyFile): readonly {
  readonly path: readonly (string | number)[];
  readonly device?: string;
  readonly point: string;
}[] {
  return file.meters.flatMap(({ device, functions }, m) =>
    functions.map(({ device: own, point }, f) => ({
      path: ['meters', m, 'functions', f],
      ...definedOnly({ device: own ?? device }),
      point,
    })),
  );
}
