/** Sampled values of OCPP 1.6 (§7.44) with defaults filled in, units of ours and numbers for texts. */
import { z } from 'zod';
import { isUnit, type Unit } from '../../agent/core/unit.ts';

const text = z.union([z.string().max(2500), z.number(), z.boolean()]).transform(String);

const sampled = z.looseObject({
  value: text,
  context: text.optional(),
  format: text.optional(),
  measurand: text.optional(),
  phase: text.optional(),
  location: text.optional(),
  unit: text.optional(),
});

/** What stands under `meterValue` and `transactionData`. */
export const meterValueSchema = z
  .array(z.looseObject({ timestamp: text.optional(), sampledValue: z.array(sampled).max(200) }))
  .max(500);
export type MeterValue = z.output<typeof meterValueSchema>;

export interface Sample {
  readonly measurand: string;
  readonly phase: string | undefined;
  readonly location: string;
  readonly context: string;
  readonly value: number;
  /** Undefined: a unit nobody knows. */
  readonly unit: Unit | undefined;
  /** Unix epoch ms by the charger's clock; undefined where it says none. */
  readonly time: number | undefined;
}

/** OCPP 1.6 §7.45, and how chargers misspell it. */
const UNITS: Readonly<Record<string, Unit>> = {
  Wh: 'W.h',
  kWh: 'kW.h',
  varh: 'var.h',
  kvarh: 'kvar.h',
  W: 'W',
  kW: 'kW',
  VA: 'V.A',
  kVA: 'kV.A',
  var: 'var',
  kvar: 'kvar',
  A: 'A',
  V: 'V',
  K: 'K',
  Celsius: 'Cel',
  Celcius: 'Cel',
  Fahrenheit: '[degF]',
  Percent: '%',
};

/** The unit of a measurand whose sample names none: Wh by the standard, what chargers mean for the rest. */
export function unsaid(measurand: string): Unit | undefined {
  if (measurand.startsWith('Energy.Reactive')) return 'var.h';
  if (measurand.startsWith('Energy')) return 'W.h';
  if (measurand.startsWith('Power.Reactive')) return 'var';
  if (measurand === 'Power.Factor' || measurand === 'RPM') return '1';
  if (measurand.startsWith('Power')) return 'W';
  if (measurand.startsWith('Current')) return 'A';
  const rest: Readonly<Record<string, Unit>> = {
    Voltage: 'V',
    Frequency: 'Hz',
    SoC: '%',
    Temperature: 'Cel',
  };
  return rest[measurand];
}

/** Samples with a number, in the order they came; signed and unreadable ones are left out. */
export function samplesOf(values: MeterValue): readonly Sample[] {
  return values.flatMap(({ timestamp, sampledValue }) => {
    const time = timestamp === undefined ? undefined : timeOf(timestamp);
    return sampledValue.flatMap((one): Sample[] => {
      if (one.format === 'SignedData' || !/^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(one.value))
        return [];
      // A charger says -0.00 where nothing flows.
      const value = Number(one.value) + 0;
      if (!Number.isFinite(value)) return [];
      const measurand = one.measurand ?? 'Energy.Active.Import.Register';
      return [
        {
          measurand,
          phase: one.phase,
          location: one.location ?? 'Outlet',
          context: one.context ?? 'Sample.Periodic',
          value,
          unit: one.unit === undefined ? unsaid(measurand) : unitOf(one.unit),
          time,
        },
      ];
    });
  });
}

function unitOf(said: string): Unit | undefined {
  const known = UNITS[said];
  return known ?? (isUnit(said) ? said : undefined);
}

/** Unix epoch ms; a time without zone is UTC. Undefined where it is none. */
export function timeOf(stamp: string): number | undefined {
  const zoned = /(Z|[+-]\d\d:?\d\d)$/i.test(stamp) ? stamp : `${stamp}Z`;
  if (!/^\d{4}-\d\d-\d\dT/.test(zoned)) return undefined;
  const time = Date.parse(zoned);
  return Number.isFinite(time) ? time : undefined;
}

/** How samples of one measurand become one value where no phase is asked for. */
const MEAN = new Set(['Voltage', 'Frequency', 'Temperature', 'Power.Factor', 'SoC']);

/**
 * The newest value that fits, from samples of one moment: the one without a phase; without it the sum over the phases (the
 * mean of voltages and their like). Where no location is asked for, the outlet's goes before any other but the vehicle's.
 */
export function pick(
  samples: readonly Sample[],
  asked: {
    readonly measurand: string;
    readonly phase?: string | undefined;
    readonly location?: string | undefined;
  },
): Sample | undefined {
  const own = samples.filter(
    ({ measurand, location }) =>
      measurand === asked.measurand &&
      (asked.location === undefined ? location !== 'EV' || measurand === 'SoC' : location === asked.location),
  );
  const place =
    asked.location ?? (own.some(({ location }) => location === 'Outlet') ? 'Outlet' : own.at(-1)?.location);
  const here = own.filter(({ location }) => location === place);
  if (asked.phase !== undefined) {
    // `L1` and `L1-N` are the same wire for whoever asks for L1.
    return (
      here.findLast(({ phase }) => phase === asked.phase) ??
      here.findLast(({ phase }) => phase === `${asked.phase}-N`)
    );
  }
  const whole = here.findLast(({ phase }) => phase === undefined);
  if (whole !== undefined) return whole;
  const parts = ['L1', 'L2', 'L3'].flatMap((phase) => {
    const part = here.findLast((one) => one.phase === phase || one.phase === `${phase}-N`);
    return part === undefined ? [] : [part];
  });
  const [first] = parts;
  if (first === undefined || parts.some(({ unit }) => unit !== first.unit)) return undefined;
  const sum = parts.reduce((total, { value }) => total + value, 0);
  return { ...first, phase: undefined, value: MEAN.has(asked.measurand) ? sum / parts.length : sum };
}
