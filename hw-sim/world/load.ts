/** What the street draws from the mains: circuits, phases, energies. Lamp levels feed back into it. */
import { drift, keyOf } from './random.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const NOMINAL_VOLTS = 228;

export type CircuitName = 'lamp' | 'sign' | 'cabinet' | 'feeder';

/** One phase of a circuit; import is positive. */
export interface PhaseLoad {
  readonly volts: number;
  readonly amps: number;
  /** W */
  readonly active: number;
  /** var */
  readonly reactive: number;
  /** VA */
  readonly apparent: number;
  readonly powerFactor: number;
  /** % */
  readonly distortion: number;
  /** kWh drawn since the world began. */
  readonly energy: number;
  /** kWh given back; absent: what ran backwards while the meter was tested. */
  readonly exported?: number;
  /** kvarh */
  readonly reactiveEnergy: number;
}

export interface CircuitLoad {
  readonly phases: readonly [PhaseLoad, PhaseLoad, PhaseLoad];
  /** Hz */
  readonly frequency: number;
}

interface Circuit {
  readonly share: readonly [number, number, number];
  readonly powerFactor: number;
  readonly distortion: number;
  /** kWh on the counter before the world began. */
  readonly before: number;
  watts(time: number): number;
}

export interface Loads {
  at(circuit: CircuitName, time: number): CircuitLoad;
}

export interface LoadInputs {
  readonly seed: number;
  /** World time from which energy is counted. */
  readonly begin: number;
  /** 0…1 of what the lamp shines at a time that is not in the future. */
  lampLight(time: number): number;
  /** Share of its voltage that the mains give, and whether what hangs on them works with it. */
  supply(time: number): { readonly share: number; readonly works: boolean };
  /** Local hour 0…24. */
  localHour(time: number): number;
  /** Rated power of the lamp, W. */
  readonly lampWatts: number;
}

export function loads(inputs: LoadInputs): Loads {
  const { seed, begin } = inputs;
  const noise = (name: string, time: number, period: number): number =>
    drift(seed, keyOf(name), time, period);
  const circuits: Record<Exclude<CircuitName, 'feeder'>, Circuit> = {
    lamp: {
      share: [1, 0, 0],
      powerFactor: 0.96,
      distortion: 8,
      before: 204.37,
      // An LED driver draws a little even when dark, and is not quite linear.
      watts: (time) =>
        1.2 + inputs.lampWatts * inputs.lampLight(time) ** 1.08 * (1 + 0.01 * noise('led', time, 5000)),
    },
    sign: {
      share: [0.2, 0.5, 0.3],
      powerFactor: 0.91,
      distortion: 12,
      before: 310.9,
      watts: (time) => {
        const hour = inputs.localHour(time);
        const day = hour > 5 && hour < 23.5 ? 1 : 0.35;
        return 180 * day * (1 + 0.06 * noise('sign', time, 40_000));
      },
    },
    cabinet: {
      share: [0.1, 0.2, 0.7],
      powerFactor: 0.88,
      distortion: 5,
      before: 1765.4,
      watts: (time) => {
        const hour = inputs.localHour(time);
        const evening = Math.exp(-(((hour - 19) / 3) ** 2));
        return (
          260 + 850 * evening + 90 * noise('cabinet', time, 7 * MINUTE) + 25 * noise('fan', time, 15_000)
        );
      },
    },
  };

  const integrals = new Map<Circuit, Float64Array>();
  const filled = new Map<Circuit, number>();

  /**
   * kWh since the world began. Minutes are counted by their first moment: a lamp changed within a minute must not
   * change what the counter has shown already, for a counter never runs back.
   */
  const energy = (circuit: Circuit, time: number): number => {
    const minutes = Math.max(0, Math.floor((time - begin) / MINUTE));
    let sums = integrals.get(circuit) ?? new Float64Array(4096);
    if (minutes + 1 >= sums.length) {
      const larger = new Float64Array(Math.max(minutes + 2, sums.length * 2));
      larger.set(sums);
      sums = larger;
    }
    let done = filled.get(circuit) ?? 0;
    for (; done < minutes; done++) {
      sums[done + 1] = (sums[done] ?? 0) + circuit.watts(begin + done * MINUTE) / 60_000;
    }
    integrals.set(circuit, sums);
    filled.set(circuit, done);
    const start = begin + minutes * MINUTE;
    return (sums[minutes] ?? 0) + (circuit.watts(start) * Math.max(0, time - start)) / (1000 * HOUR);
  };

  const frequency = (time: number): number => 50 + 0.03 * noise('grid', time, 12_000);
  const volts = (phase: number, time: number): number =>
    inputs.supply(time).share *
    (NOMINAL_VOLTS +
      3 * noise(`supply${phase}`, time, 25 * MINUTE) +
      0.6 * noise(`ripple${phase}`, time, 4000));

  const phase = (circuit: Circuit, index: number, time: number, watts: number, kwh: number): PhaseLoad => {
    const share = circuit.share[index] ?? 0;
    const active = inputs.supply(time).works ? watts * share : 0;
    const apparent = active / circuit.powerFactor;
    const reactive = Math.sqrt(Math.max(0, apparent ** 2 - active ** 2));
    const u = volts(index, time);
    const drawn = (circuit.before + kwh) * share;
    return {
      volts: u,
      amps: apparent / u,
      active,
      reactive,
      apparent,
      powerFactor: circuit.powerFactor,
      distortion: circuit.distortion,
      energy: drawn,
      reactiveEnergy: (drawn * Math.sqrt(1 - circuit.powerFactor ** 2)) / circuit.powerFactor,
    };
  };

  const one = (circuit: Circuit, time: number): readonly [PhaseLoad, PhaseLoad, PhaseLoad] => {
    const watts = circuit.watts(time);
    const kwh = energy(circuit, time);
    return [
      phase(circuit, 0, time, watts, kwh),
      phase(circuit, 1, time, watts, kwh),
      phase(circuit, 2, time, watts, kwh),
    ];
  };

  const compute = (name: CircuitName, time: number): CircuitLoad => {
    if (name !== 'feeder') return { phases: one(circuits[name], time), frequency: frequency(time) };
    const parts = [one(circuits.lamp, time), one(circuits.sign, time), one(circuits.cabinet, time)];
    return {
      phases: [sumPhases(parts, 0), sumPhases(parts, 1), sumPhases(parts, 2)],
      frequency: frequency(time),
    };
  };

  // All registers of a meter are asked for one moment; the lamp may change within it.
  const newest = new Map<CircuitName, { time: number; lamp: number; share: number; load: CircuitLoad }>();
  return {
    at(name, time) {
      const lamp = inputs.lampLight(time);
      const known = newest.get(name);
      const { share } = inputs.supply(time);
      const same = known?.time === time && known.lamp === lamp && known.share === share;
      if (known !== undefined && same) return known.load;
      const load = compute(name, time);
      newest.set(name, { time, lamp, share, load });
      return load;
    },
  };
}

function sumPhases(parts: readonly (readonly PhaseLoad[])[], index: 0 | 1 | 2): PhaseLoad {
  const phases = parts.map((part) => part[index]).filter((phase) => phase !== undefined);
  const sum = (of: (phase: PhaseLoad) => number): number =>
    phases.reduce((total, phase) => total + of(phase), 0);
  const active = sum((p) => p.active);
  const reactive = sum((p) => p.reactive);
  const apparent = Math.hypot(active, reactive);
  const volts = phases[0]?.volts ?? NOMINAL_VOLTS;
  const amps = apparent / volts;
  return {
    volts,
    amps,
    active,
    reactive,
    apparent,
    powerFactor: apparent === 0 ? 1 : active / apparent,
    distortion: amps === 0 ? 0 : sum((p) => p.distortion * p.amps) / sum((p) => p.amps),
    energy: sum((p) => p.energy),
    reactiveEnergy: sum((p) => p.reactiveEnergy),
  };
}
