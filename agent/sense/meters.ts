/** Counters, exchanges and what becomes of jumps: the part of sense that keeps consumption continuous. */
import { randomUUID } from 'node:crypto';
import { AgentError } from '../core/errors.ts';
import type { CounterBreak, Mark, MeterExchange } from '../core/mark.ts';
import type { Reading } from '../core/reading.ts';
import type { CounterFace, ExchangeDeclaration, Explanation } from '../core/sense.ts';
import { guessedRanges } from './counter.ts';
import {
  type Awaited,
  type ExchangeScales,
  follow,
  type Moment,
  type Scale,
  scaled,
  type Track,
  unscaled,
} from './counters.ts';
import { checkNumbers, exchangeOf, explained, explainedBy } from './exchange.ts';
import { MeterMarks } from './meter-marks.ts';

const HOUR = 3_600_000;
/** Hours that have to be known before the busiest of them says anything. */
const LEARNED = 7 * 24;

/** Of the transformers before a meter; absent: as they were. */
export interface Ratios {
  readonly ct?: number;
  readonly pt?: number;
}

/** A counter as the configuration knows it. */
export type TrackFacts = Pick<Track, 'device' | 'point' | 'unit' | 'decimals' | 'rule' | 'declared'>;

export interface MeterParts {
  readonly counters: readonly TrackFacts[];
  /** Points that tell the serial number, by device. */
  readonly serials: ReadonlyMap<string, string>;
  /** The scale of a point now, or as it was at a time; with other ratios of its device. */
  scale(device: string, point: string, at?: number, ratios?: Ratios): Scale;
  /** The device has other ratios from now on; `by`: the exchange. */
  ratios(device: string, ratios: Ratios, exchange: MeterExchange): void;
  now(): Moment;
  /** Makes a mark known and durable. */
  tell(mark: Mark): void;
}

export class Meters {
  readonly #parts: MeterParts;
  readonly #tracks = new Map<string, Map<string, Track>>();
  readonly #known = new MeterMarks();
  /** Counters that have not been read since the serial number of their device changed. */
  readonly #strange = new Set<string>();
  /** The counter whose new meter was just seen. */
  #renewed: string | undefined;

  constructor(parts: MeterParts) {
    this.#parts = parts;
    for (const facts of parts.counters) {
      const tracks = this.#tracks.get(facts.device) ?? new Map<string, Track>();
      tracks.set(facts.point, { ...facts, state: {}, lastMono: undefined, doubted: [] });
      this.#tracks.set(facts.device, tracks);
    }
  }

  /** Takes up what was known: marks, and last values with their true times. */
  restore(
    marks: readonly Mark[],
    values: readonly {
      readonly device: string;
      readonly point: string;
      readonly value: number;
      readonly time: number;
    }[],
  ): void {
    for (const mark of marks) this.take(mark);
    const { at, t } = this.#parts.now();
    for (const { device, point, value, time } of values) {
      const track = this.#track(device, point);
      if (track === undefined || track.state.last !== undefined) continue;
      const raw = unscaled(value, this.#parts.scale(device, point, time));
      // A clock that is behind the log knows nothing of the time between.
      track.state = { last: { value: raw, t: t - Math.max(0, at - time) } };
    }
    for (const mark of this.#known.provisional()) this.#doubt(mark);
  }

  /** A break that was doubted when the agent stopped is doubted on. */
  #doubt(mark: CounterBreak): void {
    const track = this.#track(mark.device, mark.point);
    const { kind } = mark;
    if (track === undefined || (kind !== 'roll-over' && kind !== 'reset' && kind !== 'unexplained')) return;
    const { at, t } = this.#parts.now();
    const scale = this.#parts.scale(mark.device, mark.point, mark.at);
    track.doubted = [...track.doubted, mark];
    track.state = {
      ...track.state,
      doubt: {
        kind,
        before: { value: unscaled(mark.before, scale), t: t - Math.max(0, at - mark.at) },
        offset: (mark.closing - mark.opening) / scale.factor,
        confirmations: 0,
      },
    };
  }

  /** What the log knows of the busiest hour of counters; `hours`: of how many it knows. */
  learn(
    peaks: readonly {
      readonly device: string;
      readonly point: string;
      readonly most: number;
      readonly hours: number;
    }[],
  ): void {
    for (const { device, point, most, hours } of peaks) {
      const track = this.#track(device, point);
      if (track === undefined || track.declared || hours < LEARNED || most <= 0) continue;
      const { factor } = this.#parts.scale(device, point);
      track.rule = { ...track.rule, learned: Math.max(most / Math.abs(factor), track.rule.learned ?? 0) };
    }
  }

  /** Keeps a mark without telling it. */
  take(mark: Mark): void {
    this.#known.take(mark);
  }

  #tell(mark: Mark): void {
    this.take(mark);
    this.#parts.tell(mark);
  }

  #track(device: string, point: string): Track | undefined {
    return this.#tracks.get(device)?.get(point);
  }

  /** True where the point is a counter that is followed. */
  follows(device: string, point: string): boolean {
    return this.#track(device, point) !== undefined;
  }

  /** Judges a reading of a counter; false where it is not to be believed yet. */
  reading(reading: Reading, raw: number, moment: Moment): boolean {
    const track = this.#track(reading.device, reading.point);
    if (track === undefined || (track.lastMono !== undefined && reading.time <= track.lastMono)) return true;
    const awaited = this.#awaited(reading.device, reading.point, moment);
    const scale = this.#parts.scale(reading.device, reading.point);
    const serial = this.#serial(reading.device, reading.point);
    const scales = { now: scale, before: scale, ...this.#exchangeScales(reading, awaited) };
    const outcome = follow(track, reading, raw, moment, scales, serial, awaited);
    for (const mark of outcome.breaks) this.#tell(this.#known.known(mark));
    if (awaited !== undefined && outcome.found !== undefined) this.#found(awaited.exchange, reading.point);
    return outcome.believed;
  }

  #serial(device: string, point: string): 'same' | 'changed' | 'unknown' {
    if (!this.#parts.serials.has(device)) return 'unknown';
    if (this.#strange.delete(`${device}/${point}`)) return 'changed';
    return this.#known.identity(device) === undefined ? 'unknown' : 'same';
  }

  /** A reading of the point that tells the serial number of its device. */
  serial({ device, value }: Reading, moment: Moment): void {
    const serial = String(value).trim();
    if (serial === '') return;
    const before = this.#known.identity(device);
    if (before?.serial === serial) return;
    const id = `identity-${device}`;
    this.#tell({ mark: 'identity', id, device, serial, since: Math.round(moment.at) });
    if (before === undefined) return;
    for (const [point, track] of this.#tracks.get(device) ?? []) {
      // What jumped since the other number was told has its break already.
      const known = this.#known
        .breaks(device, point)
        .some(({ at, kind }) => at >= before.since && kind !== 'correction');
      if (!known && track.state.last !== undefined) this.#strange.add(`${device}/${point}`);
    }
  }

  #awaited(device: string, point: string, { at, t }: Moment): Awaited | undefined {
    const exchange = this.#known.pending(device, point);
    const register = exchange?.registers[point];
    if (exchange === undefined || register === undefined) return undefined;
    return { ...register, at: t - (at - exchange.at), exchange };
  }

  /** Scales of the old and of the new meter. */
  #exchangeScales({ device, point }: Reading, awaited: Awaited | undefined): Partial<ExchangeScales> {
    if (awaited === undefined) return {};
    const { at, ct, pt } = awaited.exchange;
    const old = this.#parts.scale(device, point, at);
    return { old, renewed: this.#parts.scale(device, point, undefined, given({ ct, pt })) };
  }

  #found(exchange: MeterExchange, point: string): void {
    const { device, ct, pt } = exchange;
    const ratios = given({ ct, pt });
    if (exchange.found.length === 0 && ratios !== undefined) {
      // Its break has the new ratios in it already.
      this.#renewed = `${device}/${point}`;
      this.#parts.ratios(device, ratios, exchange);
      this.#renewed = undefined;
    }
    const found = [...exchange.found, point];
    const all = Object.keys(exchange.registers).every((one) => found.includes(one));
    this.#tell({ ...exchange, found, state: all ? 'done' : 'pending' });
  }

  /** All that is kept. */
  marks(): readonly Mark[] {
    return this.#known.all();
  }

  /** Counters of a device (or one) are read in another scale from now on: their consumption runs on. */
  rescaled(device: string, point: string | undefined, before: (point: string) => Scale, by: string): void {
    const { boot, mono, at } = this.#parts.now();
    for (const [name, track] of this.#tracks.get(device) ?? []) {
      const { last } = track.state;
      if ((point !== undefined && name !== point) || last === undefined) continue;
      if (this.#renewed === `${device}/${name}`) continue;
      const closing = scaled(last.value, before(name));
      const opening = scaled(last.value, this.#parts.scale(device, name));
      if (closing === opening) continue;
      // Clear of the reading before: rollups keep its time to 10 ms.
      const clear = Math.max(mono, (track.lastMono ?? mono) + 10);
      const place = { device, point: name, unit: track.unit, boot, mono: clear, at: Math.round(at) };
      const values = { closing, opening, before: closing, after: opening };
      this.#tell({
        mark: 'break',
        id: randomUUID(),
        ...place,
        kind: 'correction',
        state: 'settled',
        ...values,
        by,
      });
    }
  }

  /** Breaks that wait for an explanation, and exchanges that were not seen yet. */
  tasks(): readonly (CounterBreak | MeterExchange)[] {
    return this.#known.tasks();
  }

  faces(device: string): readonly CounterFace[] {
    const { at, t } = this.#parts.now();
    return [...this.#need(device).values()].map(({ point, unit, decimals, state: { last } }) => {
      const jump = this.#known
        .breaks(device, point)
        .filter(({ state }) => state !== 'settled')
        .at(-1);
      const scale = this.#parts.scale(device, point);
      return {
        device,
        point,
        unit,
        ...(decimals === undefined ? {} : { decimals }),
        ...(last === undefined ? {} : { last: { value: last.value, at: Math.round(at - (t - last.t)) } }),
        ...(jump === undefined
          ? {}
          : {
              jump: {
                id: jump.id,
                before: unscaled(jump.before, scale),
                after: unscaled(jump.after, scale),
                at: jump.at,
              },
            }),
      };
    });
  }

  #need(device: string): ReadonlyMap<string, Track> {
    const tracks = this.#tracks.get(device);
    if (tracks !== undefined) return tracks;
    const known = [...this.#tracks.keys()];
    throw new AgentError('not-found', `there is no device ${device} with a counter`, {
      fix: known.length === 0 ? 'the site has no meters' : `meters are ${known.join(', ')}`,
    });
  }

  /** Declares an exchange: explains a jump that was seen, or waits for the one that is to come. */
  exchange(declaration: ExchangeDeclaration): MeterExchange {
    const { device, registers, force } = declaration;
    const tracks = this.#need(device);
    const now = this.#parts.now();
    const { at = now.at } = declaration;
    if (at > now.at + 60_000)
      throw new AgentError('config-invalid', 'exchange refused: its time is yet to come', {
        fix: 'declare it when the new meter is in place',
      });
    const points = Object.keys(registers);
    if (points.length === 0)
      throw new AgentError('config-invalid', 'exchange refused: it names no register', {
        fix: `give closing and opening values of ${[...tracks.keys()].join(', ')}`,
      });
    const jumps = new Map<string, CounterBreak>();
    for (const point of points) {
      const track = tracks.get(point);
      const register = registers[point];
      if (track === undefined || register === undefined)
        throw new AgentError('not-found', `exchange refused: ${device} has no counter ${point}`, {
          fix: `counters are ${[...tracks.keys()].join(', ')}`,
        });
      const jump = explainedBy(this.#known.breaks(device), point, at);
      if (jump !== undefined) jumps.set(point, jump);
      const scale = this.#parts.scale(device, point);
      const silence = track.state.last === undefined ? 0 : now.t - track.state.last.t;
      const ms = jump === undefined ? silence : Math.max(0, now.at - jump.at);
      if (force !== true)
        checkNumbers(track, register, jump, { before: scale, now: scale }, Math.max(ms, HOUR));
    }
    const exchange = exchangeOf(declaration, randomUUID(), now.at);
    const ratios = given({ ct: declaration.ct, pt: declaration.pt });
    if (jumps.size > 0 && ratios !== undefined) this.#parts.ratios(device, ratios, exchange);
    for (const [point, jump] of jumps) {
      const register = registers[point];
      const track = tracks.get(point);
      if (register === undefined || track === undefined) continue;
      // What was read since the jump was read with the ratios of then.
      const scale = this.#parts.scale(device, point, jump.at);
      this.#tell(explained(jump, register, exchange.id, { before: scale, now: scale }));
      if (track.doubted.some(({ id }) => id === jump.id)) {
        track.doubted = [];
        const { last } = track.state;
        track.state = last === undefined ? {} : { last };
      }
    }
    const found = [...jumps.keys()];
    const whole: MeterExchange = {
      ...exchange,
      found,
      state: found.length === points.length ? 'done' : 'pending',
    };
    this.#tell(whole);
    for (const mark of this.#known.open(device)) {
      const known = this.#known.known(mark);
      if (known !== mark) this.#tell(known);
    }
    return whole;
  }

  /** Says what open breaks were; consumption and reset only where the numbers allow it. */
  explain(device: string, point: string | undefined, as: Explanation, by: string): readonly CounterBreak[] {
    const open = this.#known.open(device).filter((one) => point === undefined || one.point === point);
    if (open.length === 0)
      throw new AgentError(
        'not-found',
        `nothing of ${device}${point === undefined ? '' : `/${point}`} waits for an explanation`,
      );
    const made = open.map((mark): CounterBreak => {
      if (as === 'nothing') return { ...mark, state: 'settled', by };
      if (as === 'consumption') {
        if (mark.after < mark.before)
          throw new AgentError(
            'config-invalid',
            `${mark.point} went down from ${mark.before} to ${mark.after}: that was no consumption`,
            {
              fix: 'say --as reset, or declare an exchange',
            },
          );
        return { ...mark, state: 'settled', closing: mark.before, opening: mark.before, by };
      }
      if (as === 'roll-over')
        return { ...mark, kind: as, state: 'settled', closing: this.#end(mark), opening: 0, by };
      return { ...mark, kind: 'reset', state: 'settled', closing: mark.before, opening: 0, by };
    });
    for (const mark of made) this.#tell(mark);
    return made;
  }

  /** Where the register of a break ends, as its points read. */
  #end({ device, point, before, at }: CounterBreak): number {
    const rule = this.#track(device, point)?.rule;
    const scale = this.#parts.scale(device, point, at);
    const raw = unscaled(before, scale);
    const ends = rule === undefined ? [] : guessedRanges(raw, rule.resolution);
    const end = rule?.modulus ?? Math.min(...ends.filter((one) => one >= raw));
    if (Number.isFinite(end) && end >= raw) return scaled(end, scale);
    throw new AgentError('config-invalid', `the range of ${point} is not known`, {
      fix: `write sense: { points: { ${point}: { modulus: … } } } at the device`,
    });
  }

  /** Takes back an exchange that was declared and has not been seen. */
  withdraw(id: string): MeterExchange {
    const exchange = this.#known.exchange(id);
    if (exchange === undefined || exchange.state !== 'pending')
      throw new AgentError('not-found', `no exchange ${id} waits to be seen`);
    const withdrawn: MeterExchange = { ...exchange, state: 'withdrawn' };
    this.#tell(withdrawn);
    return withdrawn;
  }
}

/** Undefined where no ratio is given. */
function given({ ct, pt }: { readonly [K in keyof Ratios]: Ratios[K] | undefined }): Ratios | undefined {
  if (ct === undefined && pt === undefined) return undefined;
  return { ...(ct === undefined ? {} : { ct }), ...(pt === undefined ? {} : { pt }) };
}
