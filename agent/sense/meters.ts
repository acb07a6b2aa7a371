/** Counters, exchanges and what becomes of jumps: the part of sense that keeps consumption continuous. */
import { randomUUID } from 'node:crypto';
import { AgentError } from '../core/errors.ts';
import type { CounterBreak, Identity, Mark, MeterExchange } from '../core/mark.ts';
import type { Reading } from '../core/reading.ts';
import type { CounterFace, ExchangeDeclaration, Explanation } from '../core/sense.ts';
import { guessedRanges } from './counter.ts';
import { type Awaited, follow, type Moment, type Scale, scaled, type Track, unscaled } from './counters.ts';
import { checkNumbers, exchangeOf, explained, explainedBy } from './exchange.ts';

const HOUR = 3_600_000;

/** A counter as the configuration knows it. */
export type TrackFacts = Pick<Track, 'device' | 'point' | 'unit' | 'decimals' | 'rule'>;

export interface MeterParts {
  readonly counters: readonly TrackFacts[];
  /** Points that tell the serial number, by device. */
  readonly serials: ReadonlyMap<string, string>;
  /** The scale of a point now, or as it was at a time. */
  scale(device: string, point: string, at?: number): Scale;
  now(): Moment;
  /** Makes a mark known and durable. */
  tell(mark: Mark): void;
}

export class Meters {
  readonly #parts: MeterParts;
  readonly #tracks = new Map<string, Map<string, Track>>();
  readonly #breaks = new Map<string, CounterBreak>();
  readonly #exchanges = new Map<string, MeterExchange>();
  readonly #identities = new Map<string, Identity>();
  /** Counters that have not been read since the serial number of their device changed. */
  readonly #strange = new Set<string>();

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
    for (const mark of this.#breaks.values()) if (mark.state === 'provisional') this.#doubt(mark);
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

  /** Keeps a mark without telling it. */
  take(mark: Mark): void {
    if (mark.mark === 'break') this.#breaks.set(mark.id, mark);
    else if (mark.mark === 'exchange') this.#exchanges.set(mark.id, mark);
    else if (mark.mark === 'identity') this.#identities.set(mark.device, mark);
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
    const outcome = follow(track, reading, raw, moment, { now: scale, before: scale }, serial, awaited);
    for (const mark of outcome.breaks) this.#tell(this.#known(mark));
    if (awaited !== undefined && outcome.found !== undefined) this.#found(awaited.exchange.id, reading.point);
    return outcome.believed;
  }

  /** A jump of a register that was not named when its meter was declared to be exchanged is no riddle. */
  #known(mark: CounterBreak): CounterBreak {
    if (mark.state !== 'open') return mark;
    const by = [...this.#exchanges.values()].find(
      (one) => one.device === mark.device && one.state !== 'withdrawn' && covers(one, mark),
    );
    return by === undefined ? mark : { ...mark, kind: 'exchange', state: 'settled', by: by.id };
  }

  #serial(device: string, point: string): 'same' | 'changed' | 'unknown' {
    if (!this.#parts.serials.has(device)) return 'unknown';
    if (this.#strange.delete(`${device}/${point}`)) return 'changed';
    return this.#identities.has(device) ? 'same' : 'unknown';
  }

  /** A reading of the point that tells the serial number of its device. */
  serial({ device, value }: Reading, moment: Moment): void {
    const serial = String(value).trim();
    if (serial === '') return;
    const before = this.#identities.get(device);
    if (before?.serial === serial) return;
    const id = `identity-${device}`;
    this.#tell({ mark: 'identity', id, device, serial, since: Math.round(moment.at) });
    if (before === undefined) return;
    for (const [point, track] of this.#tracks.get(device) ?? []) {
      // What jumped since the other number was told has its break already.
      const known = [...this.#breaks.values()].some(
        (one) =>
          one.device === device && one.point === point && one.at >= before.since && one.kind !== 'correction',
      );
      if (!known && track.state.last !== undefined) this.#strange.add(`${device}/${point}`);
    }
  }

  #awaited(device: string, point: string, { at, t }: Moment): Awaited | undefined {
    for (const exchange of this.#exchanges.values()) {
      const register = exchange.registers[point];
      if (exchange.device !== device || exchange.state !== 'pending' || register === undefined) continue;
      if (exchange.found.includes(point)) continue;
      return { ...register, at: t - (at - exchange.at), exchange };
    }
    return undefined;
  }

  #found(id: string, point: string): void {
    const exchange = this.#exchanges.get(id);
    if (exchange === undefined) return;
    const found = [...exchange.found, point];
    const all = Object.keys(exchange.registers).every((one) => found.includes(one));
    this.#tell({ ...exchange, found, state: all ? 'done' : 'pending' });
  }

  /** All that is kept. */
  marks(): readonly Mark[] {
    return [...this.#breaks.values(), ...this.#exchanges.values(), ...this.#identities.values()];
  }

  /** Breaks that wait for an explanation, and exchanges that were not seen yet. */
  tasks(): readonly (CounterBreak | MeterExchange)[] {
    const open = [...this.#breaks.values()].filter(({ state }) => state === 'open');
    return [...open, ...[...this.#exchanges.values()].filter(({ state }) => state === 'pending')];
  }

  /** Open breaks of a device. */
  open(device: string): readonly CounterBreak[] {
    return [...this.#breaks.values()].filter((one) => one.device === device && one.state === 'open');
  }

  faces(device: string): readonly CounterFace[] {
    const { at, t } = this.#parts.now();
    return [...this.#need(device).values()].map(({ point, unit, decimals, state: { last } }) => {
      const jump = [...this.#breaks.values()]
        .filter((one) => one.device === device && one.point === point && one.state !== 'settled')
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
      const mine = [...this.#breaks.values()].filter((one) => one.device === device);
      const jump = explainedBy(mine, point, at);
      if (jump !== undefined) jumps.set(point, jump);
      const scale = this.#parts.scale(device, point);
      const silence = track.state.last === undefined ? 0 : now.t - track.state.last.t;
      const ms = jump === undefined ? silence : Math.max(0, now.at - jump.at);
      if (force !== true)
        checkNumbers(track, register, jump, { before: scale, now: scale }, Math.max(ms, HOUR));
    }
    const exchange = exchangeOf(declaration, randomUUID(), now.at);
    for (const [point, jump] of jumps) {
      const register = registers[point];
      const track = tracks.get(point);
      if (register === undefined || track === undefined) continue;
      const scale = this.#parts.scale(device, point);
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
    for (const mark of this.open(device)) if (covers(whole, mark)) this.#tell(this.#known(mark));
    return whole;
  }

  /** Says what open breaks were; consumption and reset only where the numbers allow it. */
  explain(device: string, point: string | undefined, as: Explanation, by: string): readonly CounterBreak[] {
    const open = this.open(device).filter((one) => point === undefined || one.point === point);
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
    const exchange = this.#exchanges.get(id);
    if (exchange === undefined || exchange.state !== 'pending')
      throw new AgentError('not-found', `no exchange ${id} waits to be seen`);
    const withdrawn: MeterExchange = { ...exchange, state: 'withdrawn' };
    this.#tell(withdrawn);
    return withdrawn;
  }
}

/** A jump that is not named in an exchange is of it where it was seen when the meters had just changed places. */
function covers({ at, registers, declared }: MeterExchange, mark: CounterBreak): boolean {
  if (mark.point in registers) return false;
  return mark.at >= at - HOUR && mark.at <= Math.max(at, declared) + 24 * HOUR;
}
