/** Faults as scenario files name them, with when and where. */
import * as z from 'zod';
import type { LinkTrouble } from './city/mobile-link.ts';
import * as faults from './faults.ts';
import { durationSchema } from './scenario-values.ts';

const unit = z.int().min(1).max(255).optional();
const share = z.number().min(0).max(1).default(1);
const seed = z.int().default(1);
const point = z.string().optional();

/** When since the street opened, in real time or the street's (`clock` of the scenario); without `for` it stays. */
const when = { at: durationSchema, for: durationSchema.optional(), every: durationSchema.optional() };
const onLine = { ...when, line: z.string() };

/** `every` repeats a fault that has a `for`. */
export const faultSchema = z
  .discriminatedUnion('fault', [
    z.strictObject({ ...onLine, fault: z.literal('silence'), unit }),
    z.strictObject({ ...onLine, fault: z.literal('checksum-error'), unit, share, seed }),
    z.strictObject({ ...onLine, fault: z.literal('exception'), code: z.int().min(1).max(11), unit }),
    z.strictObject({ ...onLine, fault: z.literal('late-answer'), delay: durationSchema, unit, share, seed }),
    z.strictObject({ ...onLine, fault: z.literal('echo') }),
    z.strictObject({ ...onLine, fault: z.literal('foreign-frame'), foreign: z.int().min(1).max(247), unit }),
    z.strictObject({ ...onLine, fault: z.literal('truncated'), bytes: z.int().min(1).default(2), unit }),
    z.strictObject({ ...onLine, fault: z.literal('glued'), unit }),
    z.strictObject({ ...onLine, fault: z.literal('dripping'), gap: durationSchema.default(5), unit }),
    z.strictObject({ ...onLine, fault: z.literal('babble'), seed }),
    z.strictObject({ ...onLine, fault: z.literal('noise'), seed }),
    z.strictObject({ ...onLine, fault: z.literal('swapped-wires') }),
    z.strictObject({ ...onLine, fault: z.literal('shared-address'), unit: z.int().min(1).max(247) }),
    z.strictObject({
      ...onLine,
      fault: z.literal('open-ends'),
      errors: z.number().min(0).max(0.1).default(0.002),
      stray: z.number().min(0).max(1).default(0.3),
      idle: durationSchema.optional(),
      seed,
    }),
    z.strictObject({
      ...onLine,
      fault: z.literal('second-master'),
      period: durationSchema.default(1000),
      units: z.array(z.int().min(1).max(247)).min(1).default([1]),
      seed,
    }),
    z.strictObject({ ...onLine, fault: z.literal('dead-behind'), units: z.array(z.int().min(1).max(247)) }),
    z.strictObject({ ...onLine, fault: z.literal('jump'), factor: z.number(), unit, point }),
    z.strictObject({ ...onLine, fault: z.literal('frozen'), unit, point }),
    z.strictObject({ ...onLine, fault: z.literal('not-a-number'), unit, point }),
    z.strictObject({
      ...onLine,
      fault: z.literal('exchanged-meter'),
      dark: durationSchema.default(120_000),
      opening: z.number().min(0).default(0),
      unit,
    }),
    z.strictObject({
      ...onLine,
      fault: z.literal('rolled-over'),
      modulus: z.number().positive(),
      lead: z.number().min(0).default(0.05),
      unit,
      point,
    }),
    z.strictObject({ ...onLine, fault: z.literal('reset-register'), unit, point }),
    z.strictObject({ ...onLine, fault: z.literal('unplugged') }),
    z.strictObject({ ...when, fault: z.literal('city-away') }),
    z.strictObject({
      ...when,
      fault: z.literal('link-slow'),
      delay: durationSchema.default(900),
      rate: z.int().min(100).max(1e7).default(4000),
    }),
    z.strictObject({ ...when, fault: z.literal('link-half-open') }),
    z.strictObject({ ...when, fault: z.literal('link-refused') }),
    z.strictObject({ ...when, fault: z.literal('names-gone') }),
    z.strictObject({ ...when, fault: z.literal('fleet-blackout') }),
    z.strictObject({ ...when, fault: z.literal('mains-dip'), share: z.number().min(0).max(1).default(0.4) }),
    z.strictObject({ ...when, fault: z.literal('camera-fog') }),
    z.strictObject({ ...when, fault: z.literal('door-open') }),
    z.strictObject({ ...when, fault: z.literal('sos-pressed') }),
  ])
  .refine((one) => one.every === undefined || (one.for !== undefined && one.for < one.every), {
    error: '`every` needs a `for` shorter than itself',
  });

export type ScenarioFault = z.output<typeof faultSchema>;

/** The fault of a line, or undefined for those that are no matter of bytes (unplugged, city, hands). */
export function faultOfLine(one: ScenarioFault): faults.Fault | undefined {
  switch (one.fault) {
    case 'silence':
      return faults.silence(one.unit);
    case 'checksum-error':
      return faults.checksumError(one.unit, one.share, one.seed);
    case 'exception':
      return faults.exception(one.code, one.unit);
    case 'late-answer':
      return faults.lateAnswer(one.delay, one.unit, one.share, one.seed);
    case 'echo':
      return faults.echo();
    case 'foreign-frame':
      return faults.foreignFrame(one.foreign, one.unit);
    case 'truncated':
      return faults.truncated(one.bytes, one.unit);
    case 'glued':
      return faults.glued(one.unit);
    case 'dripping':
      return faults.dripping(one.gap, one.unit);
    case 'babble':
      return faults.babble(one.seed);
    case 'noise':
      return faults.noise(one.seed);
    case 'swapped-wires':
      return faults.swappedWires();
    case 'shared-address':
      return faults.sharedAddress(one.unit);
    case 'open-ends':
      return faults.openEnds({
        errors: one.errors,
        stray: one.stray,
        seed: one.seed,
        ...(one.idle === undefined ? {} : { idle: one.idle }),
      });
    case 'second-master':
      return faults.secondMaster({ every: one.period, units: one.units, seed: one.seed });
    case 'dead-behind':
      return faults.deadBehind(one.units);
    case 'jump':
      return faults.jump(one.factor, one.unit, one.point);
    case 'frozen':
      return faults.frozen(one.unit, one.point);
    case 'exchanged-meter': {
      const { dark, opening, unit } = one;
      return faults.exchangedMeter({ dark, opening, ...(unit === undefined ? {} : { unit }) });
    }
    case 'rolled-over':
      return faults.rolledOver(one.modulus, one.lead, one.unit, one.point);
    case 'reset-register':
      return faults.resetRegister(one.unit, one.point);
    case 'not-a-number':
      return faults.notANumber(one.unit, one.point);
    default:
      return undefined;
  }
}

/** What it does to the link to the city; undefined for all others. */
export function troubleOfLink(one: ScenarioFault): LinkTrouble | undefined {
  switch (one.fault) {
    case 'link-slow':
      return { kind: 'slow', delay: one.delay, rate: one.rate };
    case 'link-half-open':
      return { kind: 'half-open' };
    case 'link-refused':
      return { kind: 'refused' };
    case 'names-gone':
      return { kind: 'no-names' };
    default:
      return undefined;
  }
}
