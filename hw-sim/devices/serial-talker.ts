/** What simulated devices with a line of their own share: a period at which they talk, and what they tell of the world. */
import type { Served } from '../ledger.ts';
import type { LineAccess, LineDevice, Utterance } from '../lines/wire.ts';
import type { Weather } from '../world/weather.ts';
import type { World } from '../world/world.ts';
import type { WorldClock } from '../world/world-clock.ts';

export interface TalkerParts {
  readonly world: World;
  readonly clock: WorldClock;
}

/** A value a device tells: in the unit of the profile's point, exactly as the device resolves it. */
export interface Quantity {
  readonly point: string;
  readonly value: number | string | boolean | null;
  readonly uom: string;
  /** How it stands on the wire, hex. */
  readonly raw?: string;
}

export abstract class SerialTalker implements LineDevice {
  readonly parts: TalkerParts;
  readonly stem: string;
  #line: LineAccess | undefined;
  #timer: Disposable | undefined;
  #heard: number[] = [];

  constructor(stem: string, parts: TalkerParts) {
    this.stem = stem;
    this.parts = parts;
  }

  attach(line: LineAccess): Disposable {
    this.#line = line;
    this.every(this.period);
    return {
      [Symbol.dispose]: () => {
        this.#timer?.[Symbol.dispose]();
        this.#line = undefined;
      },
    };
  }

  onBytes(bytes: Uint8Array): void {
    this.#heard.push(...bytes);
    while (this.#heard.length > 0 && this.#line !== undefined) {
      const taken = this.hear(Uint8Array.from(this.#heard), this.#line);
      if (taken === 0) return;
      this.#heard.splice(0, taken);
    }
  }

  /** ms between two words of its own; 0: it speaks only when asked. */
  protected abstract readonly period: number;

  /** What it says by itself. */
  protected abstract tell(line: LineAccess): Utterance | undefined;

  /** Bytes of `received` it is done with: a command it obeyed, or noise; 0: more are needed. */
  protected hear(received: Uint8Array, _line: LineAccess): number {
    return received.length;
  }

  /** Talks every `ms` from now on, first after `first`; 0: not at all. */
  protected every(ms: number, first = ms): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    if (ms <= 0) return;
    this.#timer = this.#line?.time.after(first, () => {
      const said = this.#line === undefined ? undefined : this.tell(this.#line);
      if (said !== undefined) this.#line?.say(said);
      this.every(ms);
    });
  }

  protected weather(): Weather {
    return this.parts.world.weather(this.parts.clock.now());
  }

  protected served(quantities: readonly Quantity[]): readonly Served[] {
    return quantities.map(({ raw = '', ...rest }) => ({ device: this.stem, raw, ...rest }));
  }
}

/** A value between two ends, as faults would have the device believe it, in whole steps. */
export function steps(line: LineAccess, point: string, value: number, step: number, most: number): number {
  const believed = line.believe(undefined, point, value);
  const count = Number.isFinite(believed) ? Math.round(believed / step) : most;
  return Math.min(most, Math.max(0, count));
}

/** CO₂ of the street, ppm: a little over the country's where cars pass. */
export function carbonDioxide(weather: Weather): number {
  return 418 + weather.pm25 * 0.8;
}

/** Level of the water in the gully, mm: it follows the rain of the day. */
export function waterLevel(weather: Weather): number {
  return 120 + 14 * weather.rain + 10 * weather.cloud;
}
