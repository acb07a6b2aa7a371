/**
 * Values of one time become one report. A group is closed when every function has its value, when a later time begins in
 * the same stream, or after a wait; then it is sent, and whoever brought values to it learns what became of it.
 */
import type { Clock } from '../../core/time/clock.ts';
import type { Delivery, StreamName } from '../../core/uplink.ts';
import type { Sample, Spec } from './sampler.ts';

export interface Group {
  readonly stream: StreamName;
  /** True time it is reported under, ms. */
  readonly time: number;
  readonly period: number;
  readonly samples: ReadonlyMap<Spec, Sample>;
}

interface OpenGroup {
  readonly time: number;
  readonly period: number;
  readonly samples: Map<Spec, Sample>;
  readonly done: PromiseWithResolvers<Delivery>;
}

export interface GatherOptions {
  readonly clock: Clock;
  /** Functions of a whole report. */
  readonly functions: number;
  /** Wait for missing values of live data, ms; the backlog brings its own at once. */
  readonly wait: number;
  send(group: Group): Promise<Delivery>;
}

/** The backlog's next message is formed within this, ms. */
const BACKLOG_WAIT = 500;

export class Gather implements Disposable {
  readonly #options: GatherOptions;
  readonly #open: Readonly<Record<StreamName, Map<number, OpenGroup>>> = {
    live: new Map(),
    backlog: new Map(),
  };
  readonly #timers = new Map<StreamName, Disposable>();
  /** Open ones, and those on their way. */
  readonly #all = new Set<OpenGroup>();

  constructor(options: GatherOptions) {
    this.#options = options;
  }

  /** Resolves with what became of the sample, or of the one of its function and period that stands already. */
  add(stream: StreamName, sample: Sample): Promise<Delivery> {
    const groups = this.#open[stream];
    for (const [time, group] of groups)
      if (time < sample.time && group.period < sample.period) this.#close(stream, time);
    const twin = this.#twin(sample);
    if (twin !== undefined) return twin;
    let group = groups.get(sample.time);
    if (group === undefined) {
      group = { time: sample.time, period: sample.period, samples: new Map(), done: Promise.withResolvers() };
      groups.set(sample.time, group);
      this.#all.add(group);
    }
    group.samples.set(sample.spec, sample);
    const { done } = group;
    if (group.samples.size === this.#options.functions) this.#close(stream, sample.time);
    else this.#watch(stream);
    return done.promise;
  }

  /** Closes all groups. */
  flush(stream: StreamName): void {
    for (const time of [...this.#open[stream].keys()].sort((a, b) => a - b)) this.#close(stream, time);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers.values()) timer[Symbol.dispose]();
    this.#timers.clear();
    for (const groups of Object.values(this.#open)) {
      for (const { done } of groups.values()) done.resolve({ kind: 'keep', reason: 'the session ends' });
      groups.clear();
    }
  }

  /** A group, of either stream, that holds a value of this function and period which is not worse. */
  #twin(sample: Sample): Promise<Delivery> | undefined {
    for (const group of this.#all) {
      const held = group.period === sample.period ? group.samples.get(sample.spec) : undefined;
      if (held === undefined) continue;
      if (held.quality !== 'bad' || sample.quality === 'bad') return group.done.promise;
    }
    return undefined;
  }

  #watch(stream: StreamName): void {
    if (this.#timers.has(stream)) return;
    const wait = stream === 'live' ? this.#options.wait : BACKLOG_WAIT;
    this.#timers.set(
      stream,
      this.#options.clock.after(wait, () => {
        this.#timers.delete(stream);
        this.flush(stream);
      }),
    );
  }

  #close(stream: StreamName, time: number): void {
    const group = this.#open[stream].get(time);
    if (group === undefined) return;
    this.#open[stream].delete(time);
    const { period, samples, done } = group;
    void this.#options
      .send({ stream, time, period, samples })
      .catch((thrown: unknown): Delivery => {
        return { kind: 'keep', reason: thrown instanceof Error ? thrown.message : String(thrown) };
      })
      .then((delivery) => {
        this.#all.delete(group);
        done.resolve(delivery);
      });
  }
}
