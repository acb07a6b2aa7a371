/** The part of the site schema on the energy account: meters, circuits, who pays, tariffs, factors. */
import * as z from 'zod';
import { CODE_TREES } from '../../core/energy/codes.ts';
import {
  ACCOUNT_KINDS,
  CARRIERS,
  DAY_TYPES,
  POWER_FACTOR_STANDARDS,
  RATES,
  type Rate,
} from '../../core/energy/energy.ts';
import { duration, id, number, oneOf, text, title } from '../values.ts';
import { day, days, decimal, moment, ratio, season, share, timeOfUse } from './values.ts';

const MINUTE = 60_000;

const meter = z
  .strictObject({
    id: id('main'),
    title: title().optional(),
    carrier: oneOf(CARRIERS, 'electricity').describe('What it measures'),
    device: id('feeder').optional().describe('With point: a register of a device'),
    point: id('energy-import').optional(),
    plus: z.array(id('main')).min(1).optional().describe('Instead of device: the sum of these meters'),
    minus: z.array(id('lighting')).min(1).optional().describe('With plus: less these meters'),
    ratios: z
      .array(
        z.strictObject({
          from: moment().describe('From when on it holds'),
          ct: ratio('400/5').optional().describe('Current transformers'),
          pt: ratio('10000/100').optional().describe('Voltage transformers'),
          register: number(0, 1e12, 1202.5)
            .optional()
            .describe('What the display showed at the change; absent: as far as it had run by then'),
        }),
      )
      .min(1)
      .optional()
      .describe('Transformer ratios with their dates, for a register that is read as its display shows it'),
    power: id('power-active-total')
      .optional()
      .describe('Point of active power of the same device: the forecast of demand is quicker by it'),
    reactive: z
      .array(id('reactive-energy-import'))
      .min(1)
      .optional()
      .describe('Registers of reactive energy of the same device, for the power factor'),
    rated: number(0.001, 1e6, 630)
      .optional()
      .describe('Rated power of the branch, kW: more than twice is no consumption'),
  })
  .describe('A register, or a sum and difference of others');

const circuit = z
  .strictObject({
    id: id('floor-1'),
    title: title().optional(),
    meter: id('lighting').describe('Id of the meter of this account that measures it'),
    code: text('an energy code', '"01A10"')
      .optional()
      .describe('Class and item of the sub-metering guideline; absent: a distribution branch'),
    fed_by: id('main').optional().describe('The circuit it branches off'),
    heated_by: id('heat').optional().describe('Of a circuit of cooling: the one that heats the same rooms'),
    tolerance: share('2%')
      .prefault('2%')
      .describe('How far it may differ from the sum of the circuits that it feeds, and the loss'),
    loss: share('0.5%').prefault(0).describe('Share that is lost between it and them'),
  })
  .describe('A branch of the network of the building, seen by one meter');

const account = z
  .strictObject({
    id: id('shop'),
    title: title().optional(),
    kind: oneOf(ACCOUNT_KINDS, 'tenant')
      .prefault('supply')
      .describe('supply: what the building pays; tenant: what it charges'),
    area: number(0.1, 1e7, 120).optional().describe('m²'),
    lines: z
      .array(
        z.strictObject({
          meter: id('shop').describe('Id of a meter of this account'),
          tariff: id('grid').describe('Id of a tariff'),
          share: share('100%').prefault(1).describe('Of the meter, that this account pays'),
        }),
      )
      .min(1)
      .describe('What is billed: meters, each by a tariff'),
  })
  .describe('Who pays for what: the building, a tenant, a dwelling with its four meters');

const price = (example: string) => decimal(-1000, 1e6, example);

/** 尖 峰 平 谷 深谷 */
const RATE_WORDS: Readonly<Record<Rate, string>> = {
  sharp: 'Sharp peak, 尖',
  peak: 'Peak, 峰',
  flat: 'Flat, 平',
  valley: 'Valley, 谷',
  'deep-valley': 'Deep valley, 深谷',
};

const byRate = <T extends z.ZodType>(of: T) =>
  z.strictObject(
    Object.fromEntries(RATES.map((rate) => [rate, of.optional().describe(RATE_WORDS[rate])])) as Record<
      Rate,
      z.ZodOptional<T>
    >,
  );

const schedule = z.strictObject({
  dates: z.array(season()).min(1).optional().describe('Days of the year; absent: all'),
  days: z.array(oneOf(DAY_TYPES, 'workday')).min(1).optional().describe('Absent: all'),
  bands: byRate(z.array(timeOfUse()).min(1)).describe(
    '尖峰平谷: times of day of each rate, together the whole day',
  ),
});

const version = z.strictObject({
  from: day().describe('First day of it'),
  to: day().optional().describe('Last day; absent: until the next version'),
  price: price('4.2').optional().describe('Yuan per unit, where there are no times of use'),
  prices: byRate(price('0.62')).optional().describe('Instead of price: yuan per unit by rate'),
  schedules: z.array(schedule).min(1).optional().describe('With prices: when which rate holds'),
  surcharge: price('0.03').optional().describe('Yuan per unit that no power factor adjusts'),
  fixed: price('10').optional().describe('Yuan per month'),
  demand: z
    .strictObject({
      price: price('38.4').describe('Yuan per kW and month'),
      method: oneOf(['sliding', 'block'], 'sliding')
        .prefault('sliding')
        .describe('sliding: the window moves by a minute; block: windows lie end to end'),
      window: duration(15 * MINUTE, 60 * MINUTE, '15min')
        .prefault('15min')
        .describe('Over which demand is a mean'),
      contract: number(1, 1e6, 800).optional().describe('Contracted demand, kW'),
    })
    .optional()
    .describe('Basic charge by the highest demand of the month'),
  capacity: z
    .strictObject({
      kva: number(1, 1e6, 630).describe('Installed capacity, kVA'),
      price: price('25.6').describe('Yuan per kVA and month'),
    })
    .optional()
    .describe('Basic charge by installed capacity, instead of demand'),
  power_factor: oneOf(POWER_FACTOR_STANDARDS, '0.90')
    .optional()
    .describe('力调电费: the standard of 水电财字〔1983〕215号, in quotes'),
});

const tariff = z
  .strictObject({
    id: id('grid'),
    title: title().optional(),
    carrier: oneOf(CARRIERS, 'electricity').describe('What it prices'),
    versions: z.array(version).min(1).describe('The prices, from the day each holds'),
  })
  .describe('Prices of a carrier, with their dates');

const factor = z.strictObject({
  carrier: oneOf(CARRIERS, 'electricity').describe('What it converts'),
  from: day().describe('First day of it'),
  kgce: decimal(0, 1e6, '0.1229').optional().describe('kg of coal equivalent per kWh, m³ or GJ'),
  kgco2: decimal(0, 1e6, '0.5366').optional().describe('kg of CO₂ per kWh, m³ or GJ'),
  source: text('where the figures are from', 'GB/T 2589-2020')
    .optional()
    .describe('Where the figures are from'),
});

export const energy = z
  .strictObject({
    id: id('energy').prefault('energy').describe('Under which the account appears as a device'),
    title: title().optional(),
    building: text('the code of the building', '"370303A007"')
      .optional()
      .describe('Code of the building in the national platform'),
    area: number(1, 1e8, 12_800).optional().describe('m²'),
    codes: oneOf(CODE_TREES, 'national').prefault('national').describe('Tree of energy codes'),
    more_codes: z
      .record(z.string(), text('a name', 'Local item'))
      .prefault({})
      .describe('Codes beside the tree'),
    line: share('90%').prefault('90%').describe('Share of readings and consumption that has to be there'),
    meters: z.array(meter).min(1).describe('The meters of the account, each with its place in the tree'),
    circuits: z.array(circuit).prefault([]).describe('The tree: which circuit hangs on which'),
    accounts: z.array(account).prefault([]).describe('Who is billed for what'),
    tariffs: z.array(tariff).prefault([]).describe('Price lists'),
    factors: z.array(factor).prefault([]).describe('Coal equivalent and CO₂ per unit'),
    holidays: z.array(days()).prefault([]).describe('Days that are no workdays'),
    workdays: z.array(days()).prefault([]).describe('Weekend days that are worked'),
    degree_days: z
      .strictObject({
        device: id('station'),
        point: id('temperature'),
        heating: number(-20, 40, 18).prefault(18).describe('°C'),
        cooling: number(-20, 40, 26).prefault(26).describe('°C'),
      })
      .optional()
      .describe('Heating and cooling degree days, from a sensor outside'),
    demand_limit: z
      .strictObject({
        meter: id('main').describe('Id of a meter of this account'),
        kw: number(0.1, 1e6, 800).describe('The limit, kW'),
      })
      .optional()
      .describe('Of the forecast of demand: an event tells when it will be passed'),
  })
  .describe('The energy account of a building');

export type EnergyFile = z.output<typeof energy>;
export type EnergyMeterFile = EnergyFile['meters'][number];
export type TariffFile = EnergyFile['tariffs'][number];
export type VersionFile = TariffFile['versions'][number];
export type ScheduleFile = NonNullable<VersionFile['schedules']>[number];
