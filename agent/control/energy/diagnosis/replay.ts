/**
 * The diagnosis out of the log: days of all branches from registers and hourly means, judged one after another. The same
 * log gives the same findings, so nothing has to be remembered between two runs.
 */
import type {
  BranchDay,
  DiagnosedBranch,
  Finding,
  FindingChange,
  PhaseDay,
  RegisterEvent,
} from '../../../core/energy/diagnosis.ts';
import type {
  EnergyConfig,
  MeterGrid,
  RegisterMeter,
  RegisterName,
  RegisterSeries,
} from '../../../core/energy/energy.ts';
import { convert, type Unit } from '../../../core/unit.ts';
import type { LocalDay } from '../calendar.ts';
import { Diagnosis } from './diagnosis.ts';
import { type BranchFacts, branchDay, branchesOf, type DayFacts } from './frame.ts';

const HOUR = 3_600_000;
/** Days that are judged: what was usual before the oldest that is told. */
export const REPLAYED_DAYS = 130;
/** Days whose registers are read at once. */
const CHUNK = 10;

/** A point of a device that tells more of a branch than its register, and its unit. */
export interface Sense {
  readonly point: string;
  readonly unit: Unit;
}

/** What the devices of the site tell besides registers, by device. */
export interface DeviceSenses {
  /** Voltage, current and active power of L1, L2, L3. */
  readonly phases?: {
    readonly volts: readonly Sense[];
    readonly amps: readonly Sense[];
    readonly watts: readonly Sense[];
  };
  readonly reactive?: Sense;
  readonly flow?: Sense;
  /** Decimals of its registers, by point. */
  readonly decimals: Readonly<Record<string, number>>;
}

export interface ReplayParts {
  readonly config: EnergyConfig;
  readonly senses: Readonly<Record<string, DeviceSenses>>;
  /** Local days whose first instant lies in `from` ≤ t < `to`. */
  days(from: number, to: number): readonly LocalDay[];
  grids(
    from: number,
    to: number,
    now: number,
  ): { readonly grids: ReadonlyMap<string, MeterGrid>; readonly series: ReadonlyMap<string, RegisterSeries> };
  hourMeans(names: readonly RegisterName[], from: number, to: number): readonly Float64Array[];
  dayMeans(name: RegisterName, days: readonly LocalDay[]): readonly (number | null)[];
}

export interface Diagnosed {
  /** The last day judged; undefined: none has ended yet. */
  readonly day?: string;
  /** Open ones first, the most costly first; then closed ones, newest first. */
  readonly findings: readonly Finding[];
  /** What changed on which day, oldest first. */
  readonly changes: readonly (FindingChange & { readonly day: string })[];
}

/** Judges the days that ended before `now`. */
export function diagnoseLog(parts: ReplayParts, now: number): Diagnosed {
  const { config, senses } = parts;
  const heatedBy = Object.fromEntries(
    config.circuits.flatMap(({ id, heatedBy: heat }) => (heat === undefined ? [] : [[id, heat]])),
  );
  const branches = branchesOf(config, ({ device, point }) => senses[device]?.decimals[point] ?? 2, heatedBy);
  const diagnosis = new Diagnosis(branches);
  const changes: (FindingChange & { readonly day: string })[] = [];
  const ended = parts.days(now - REPLAYED_DAYS * 24 * HOUR, now).filter(({ end }) => end <= now);
  let last: string | undefined;
  for (let i = 0; i < ended.length; i += CHUNK) {
    const chunk = ended.slice(i, i + CHUNK);
    for (const days of chunkDays(parts, branches, senses, chunk, now)) {
      const [first] = days.values();
      if (first === undefined) continue;
      last = first.date;
      for (const change of diagnosis.day(days)) changes.push({ ...change, day: first.date });
    }
  }
  return { ...(last === undefined ? {} : { day: last }), findings: diagnosis.findings, changes };
}

function chunkDays(
  parts: ReplayParts,
  branches: readonly DiagnosedBranch[],
  senses: ReplayParts['senses'],
  chunk: readonly LocalDay[],
  now: number,
): readonly ReadonlyMap<string, BranchDay>[] {
  const { config } = parts;
  const from = chunk[0]?.start ?? now;
  const to = chunk.at(-1)?.end ?? now;
  const { grids, series } = parts.grids(from, to, now);
  const { degreeDays } = config;
  const warm = degreeDays === undefined ? [] : parts.dayMeans(degreeDays, chunk);
  const asked = namesOf(config, senses);
  const means = parts.hourMeans(
    asked.map(({ device, sense }) => ({ device, point: sense.point })),
    from,
    to,
  );
  const meanOf = new Map(asked.map(({ device, sense }, i) => [`${device}/${sense.point}`, means[i]]));
  const circuitOf = new Map(config.circuits.map((circuit) => [circuit.id, circuit]));
  return chunk.map((day, i) => {
    const facts: DayFacts = {
      date: day.date,
      start: day.start,
      end: day.end,
      open: day.type === 'workday',
      temperature: warm[i] ?? null,
    };
    return new Map(
      branches.flatMap(({ id }): [string, BranchDay][] => {
        const meter = circuitOf.get(id)?.meter ?? '';
        // Before its first reading a branch says nothing.
        if (registersBehind(config, meter).every((one) => (series.get(one.id)?.times.length ?? 0) === 0))
          return [];
        const own = sensed(config, meter, senses, meanOf, from, day);
        const events = eventsOf(config, meter, series, day);
        const found = branchDay(config, meter, grids, facts, { ...own, events });
        return found === undefined ? [] : [[id, found]];
      }),
    );
  });
}

function registersBehind({ meters }: EnergyConfig, id: string): readonly RegisterMeter[] {
  const meter = meters.find((one) => one.id === id);
  if (meter === undefined) return [];
  if (meter.kind === 'register') return [meter];
  return [...meter.plus, ...meter.minus].flatMap((part) => registersBehind({ meters } as EnergyConfig, part));
}

/** Breaks that nobody has explained, and roll-overs, on a day. */
function eventsOf(
  config: EnergyConfig,
  meter: string,
  series: ReadonlyMap<string, RegisterSeries>,
  { start, end }: LocalDay,
): readonly RegisterEvent[] {
  return registersBehind(config, meter).flatMap(({ id }) =>
    (series.get(id)?.breaks ?? []).flatMap(({ time, kind }): RegisterEvent[] =>
      time >= start && time < end ? [kind] : [],
    ),
  );
}

function namesOf(
  config: EnergyConfig,
  senses: ReplayParts['senses'],
): readonly { readonly device: string; readonly sense: Sense }[] {
  const devices = new Set(
    config.meters.flatMap((meter) => (meter.kind === 'register' ? [meter.device] : [])),
  );
  return [...devices].flatMap((device) => {
    const { phases, reactive, flow } = senses[device] ?? {};
    const all = [phases?.volts, phases?.amps, phases?.watts, reactive, flow].flat();
    return all.flatMap((sense) => (sense === undefined ? [] : [{ device, sense }]));
  });
}

/** Phases and flow of a day, of the one device behind a meter; nothing where several are. */
function sensed(
  config: EnergyConfig,
  meter: string,
  senses: ReplayParts['senses'],
  meanOf: ReadonlyMap<string, Float64Array | undefined>,
  from: number,
  { start, end }: LocalDay,
): Omit<BranchFacts, 'events'> {
  const registers = registersBehind(config, meter);
  const [register] = registers;
  if (register === undefined || registers.some(({ device }) => device !== register.device)) return {};
  const { phases, reactive, flow } = senses[register.device] ?? {};
  // Registers that are read as the display shows them have their ratio here; so have the currents of their device.
  const ratio = register.ratios.findLast(({ from: since }) => since <= start);
  const [ct, pt] = [ratio?.ct ?? 1, ratio?.pt ?? 1];
  const hours = ({ point, unit }: Sense, to: Unit, factor: number): Float64Array => {
    const all = meanOf.get(`${register.device}/${point}`) ?? new Float64Array();
    const a = Math.round((start - from) / HOUR);
    const part = all.slice(a, a + Math.round((end - start) / HOUR));
    return part.map((value) => convert(value, unit, to) * factor);
  };
  const three = (list: readonly Sense[], to: Unit, factor: number): PhaseDay['volts'] => {
    const [a, b, c] = list.map((one) => hours(one, to, factor));
    const none = new Float64Array();
    return [a ?? none, b ?? none, c ?? none];
  };
  return {
    ...(phases === undefined
      ? {}
      : {
          phases: {
            volts: three(phases.volts, 'V', pt),
            amps: three(phases.amps, 'A', ct),
            kilowatts: three(phases.watts, 'kW', ct * pt),
            ...(reactive === undefined ? {} : { reactive: hours(reactive, 'kvar', ct * pt) }),
          },
        }),
    ...(flow === undefined ? {} : { flow: hours(flow, 'm3/h', 1) }),
  };
}
