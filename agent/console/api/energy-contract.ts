/** Shapes of the routes on the energy account. Money, prices and billed quantities are decimal text. */
import { z } from 'zod';
import { ACCOUNT_KINDS, ACCOUNT_QUALITIES, CARRIERS, RATES } from '../../core/energy/energy.ts';
import { count, id, text, time } from './contract.ts';

const carrier = z.enum(CARRIERS);
const quality = z.enum(ACCOUNT_QUALITIES);
const quantity = z.number().nullable();
const share = z.number().nullable();
const decimal = z.string();

const counts = z.object({ due: count, received: count, valid: count, repaired: count });
const span = { from: time, to: time };
const nodeShape = {
  id: z.string(),
  title: text,
  carrier,
  unit: z.string(),
  ...span,
  quantity,
  atLeast: z.number().meta({ description: 'what has run so far where the quantity is missing' }),
  quality,
  completeness: share,
  counts,
};
const node = z.object(nodeShape).meta({ id: 'EnergyNode' });
const coverage = z
  .object({ carrier, total: quantity, byItem: quantity, share })
  .meta({ id: 'EnergyCoverage' });

export const energyAccount = z
  .object({
    ...span,
    meters: z.array(node).readonly(),
    circuits: z
      .array(z.object({ ...nodeShape, meter: id, code: z.string().optional(), fedBy: id.optional() }))
      .readonly(),
    items: z.array(node).readonly(),
    carriers: z.array(node).readonly(),
    branches: z
      .array(
        z.object({
          circuit: id,
          title: text,
          main: quantity,
          subs: quantity,
          loss: quantity,
          difference: quantity,
          share,
          tolerance: z.number(),
          state: z.enum(['balanced', 'differs', 'unknown']),
        }),
      )
      .readonly(),
    coverage: z.array(coverage).readonly(),
  })
  .meta({ id: 'EnergyAccount' });

const row = z
  .object({
    id: z.string(),
    title: text,
    kind: z.enum(['meter', 'item', 'building']),
    due: count,
    received: count,
    valid: count,
    repaired: count,
    share,
    shareRepaired: share,
  })
  .meta({ id: 'EnergyCompletenessRow' });

export const energyCompleteness = z
  .object({
    ...span,
    line: z.number(),
    rows: z.array(row).readonly(),
    days: z.array(z.object({ date: z.string(), rows: z.array(row).readonly() })).readonly(),
    coverage: z.array(coverage).readonly(),
  })
  .meta({ id: 'EnergyCompleteness' });

const registerReading = z.object({ value: z.number(), time }).nullable();

export const energyBill = z
  .object({
    account: id,
    title: text,
    kind: z.enum(ACCOUNT_KINDS),
    month: z.string(),
    ...span,
    final: z.boolean(),
    quality,
    lines: z
      .array(
        z.object({
          what: z.enum([
            'energy',
            'surcharge',
            'demand',
            'demand-excess',
            'capacity',
            'fixed',
            'power-factor',
          ]),
          meter: id,
          tariff: id,
          from: z.string(),
          to: z.string(),
          rate: z.enum(RATES).optional(),
          quantity: decimal,
          unit: z.string(),
          price: decimal,
          amount: decimal,
          quality,
        }),
      )
      .readonly(),
    total: decimal,
    carriers: z
      .array(
        z.object({
          carrier,
          unit: z.string(),
          quantity: decimal,
          amount: decimal,
          kgce: decimal.nullable(),
          kgco2: decimal.nullable(),
        }),
      )
      .readonly(),
    statement: z
      .array(
        z.object({
          meter: id,
          title: text,
          device: id,
          point: id,
          unit: z.string(),
          opening: registerReading,
          closing: registerReading,
          breaks: z
            .array(z.object({ time: z.number(), kind: z.string(), closing: z.number(), opening: z.number() }))
            .readonly(),
          ratios: z.array(z.object({ from: z.number(), ratio: z.number() })).readonly(),
        }),
      )
      .readonly(),
    demand: z
      .array(
        z.object({
          meter: id,
          kw: quantity,
          at: z.number().nullable(),
          method: z.enum(['sliding', 'block']),
          window: z.number().meta({ description: 'ms' }),
          unknown: count,
        }),
      )
      .readonly(),
    powerFactor: z
      .array(
        z.object({
          meter: id,
          active: z.number(),
          reactive: z.number(),
          factor: z.number().nullable(),
          standard: z.string(),
          adjustment: decimal.nullable().meta({ description: '%' }),
        }),
      )
      .readonly(),
    perArea: z.object({ kwh: decimal, kgce: decimal.nullable(), amount: decimal }).nullable(),
    degreeDays: z
      .object({
        heating: z.number(),
        cooling: z.number(),
        days: count,
        heatPer: decimal.nullable(),
        coolingPer: decimal.nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'EnergyBill' });

export const energyNow = z
  .object({
    id,
    title: text,
    month: z.string().meta({ description: 'of the settlement period that runs' }),
    ...span,
    line: z.number(),
    accounts: z.array(z.object({ id, title: text, kind: z.enum(ACCOUNT_KINDS) })).readonly(),
    demand: z
      .object({
        meter: id,
        method: z.enum(['sliding', 'block']),
        window: z.number(),
        now: quantity,
        load: quantity,
        forecast: quantity,
        limit: quantity,
        passedIn: z
          .number()
          .nullable()
          .meta({ description: 'ms until the limit is passed if the load stays' }),
        highest: z.object({ kw: z.number(), at: z.number() }).nullable(),
        error: z.object({ percent: z.number(), windows: count }).nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'EnergyNow' });

const moment = z.coerce.number().int().min(0).max(1e14);
export const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/);
const day = z.string().regex(/^(today|\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]))$/);
/** A month, a day, or a stretch of time; none of them: the settlement period that runs. */
export const spanQuery = z.strictObject({
  month: month.optional(),
  day: day.optional(),
  from: moment.optional(),
  to: moment.optional(),
});
export const billQuery = z.strictObject({ month: month.optional() });
export const billParams = z.strictObject({ account: id });

export type ApiEnergyAccount = z.infer<typeof energyAccount>;
export type ApiEnergyCompleteness = z.infer<typeof energyCompleteness>;
export type ApiEnergyBill = z.infer<typeof energyBill>;
export type ApiEnergyNow = z.infer<typeof energyNow>;
