/** Figures of the phases of one day that several checks ask for. */
import type { PhaseDay } from '../../../../core/energy/diagnosis.ts';
import { mean, variation } from '../robust.ts';

export interface PhaseFigures {
  /** Mean of the day. */
  readonly volts: number;
  readonly amps: number;
  /** Standard deviation of the current by its mean. */
  readonly ampsVariation: number;
  /** Active by apparent power of the day, −1…1. */
  readonly powerFactor: number;
}

const KNOWN = new WeakMap<PhaseDay, readonly PhaseFigures[] | null>();

/** L1, L2, L3; undefined where fewer than 12 hours are known. */
export function phaseFigures(phases: PhaseDay | undefined): readonly PhaseFigures[] | undefined {
  if (phases === undefined) return undefined;
  let figures = KNOWN.get(phases);
  if (figures === undefined) {
    figures =
      phases.amps[0].filter(Number.isFinite).length < 12 ? null : [0, 1, 2].map((i) => figuresOf(phases, i));
    KNOWN.set(phases, figures);
  }
  return figures ?? undefined;
}

function figuresOf(phases: PhaseDay, i: number): PhaseFigures {
  const volts = phases.volts[i] ?? NONE;
  const amps = phases.amps[i] ?? NONE;
  const kilowatts = phases.kilowatts[i] ?? NONE;
  const apparent = mean(amps.map((current, h) => (current * (volts[h] ?? 0)) / 1000));
  return {
    volts: mean(volts),
    amps: mean(amps),
    ampsVariation: variation(amps),
    powerFactor: apparent === 0 ? Number.NaN : mean(kilowatts) / apparent,
  };
}

const NONE = new Float64Array();

/** kW of all phases, mean of the day. */
export function dayPower(phases: PhaseDay): number {
  return mean(phases.kilowatts[0]) + mean(phases.kilowatts[1]) + mean(phases.kilowatts[2]);
}
