/**
 * The street's world: one seed, one place, one clock drive sun, weather, load and traffic, so that they agree. Any
 * moment can be asked; only what people and the agent do (lamp, door, button) is remembered as it happens.
 */
import { type CircuitLoad, type CircuitName, loads } from './load.ts';
import { type Storm, stormy, strength, waterAt } from './storm.ts';
import { type Place, sunAltitude } from './sun.ts';
import { type TrafficPlan, trafficPlan } from './traffic.ts';
import { type Weather, weatherAt } from './weather.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MINUTE = 60_000;
/** Share of their voltage at which lamp drivers and power supplies give up. */
const DARK = 0.6;

export interface WorldOptions {
  readonly seed: number;
  readonly place: Place;
  /** Local time minus UTC, hours. */
  readonly utcOffset: number;
  /** World time at which the street opens, epoch ms; energy counts from a day before, for the history. */
  readonly start: number;
  /** Factor on traffic; 0: an empty street. Default 1. */
  readonly density?: number;
  /** Default 120. */
  readonly lampWatts?: number;
  /** A thunderstorm that passes over it. */
  readonly storm?: Storm;
}

export interface Hands {
  readonly doorOpen: boolean;
  readonly sosPressed: boolean;
  /** Water stands in the underpass. */
  readonly flooded: boolean;
}

/** What is between camera and road: 0 (nothing) … 1. */
export interface Murk {
  readonly rain: number;
  readonly fog: number;
}

/** What a meter in a pipe has counted and sees. */
export interface PipeFlow {
  /** m³ */
  readonly volume: number;
  /** m³/h */
  readonly flow: number;
  /** kWh */
  readonly heat: number;
  /** kWh */
  readonly cold: number;
  /** °C of the water on its way there and back; without meaning in pipes that carry no heat. */
  readonly supply: number;
  readonly back: number;
}

export interface World extends TrafficPlan {
  /** What it was made from: another thread makes the same one of it. */
  readonly options: WorldOptions;
  readonly seed: number;
  readonly place: Place;
  readonly utcOffset: number;
  readonly start: number;
  weather(time: number): Weather;
  load(circuit: CircuitName, time: number): CircuitLoad;
  /** In the pipe of the meter that asks; undefined where the world has none and the meter plays a steady flow. */
  pipe(time: number): PipeFlow | undefined;
  /** Degrees. */
  sun(time: number): number;
  /** 0…24 */
  localHour(time: number): number;
  /** 0…1: before the street opened by the sun, then as it was set. */
  lampLevel(time: number): number;
  /** 0…1: what it shines, which is nothing while it is burnt out, whatever its driver is told. */
  lampLight(time: number): number;
  /** The lamp burns out, or is replaced, at `time`. */
  burnLamp(burnt: boolean, time: number): void;
  /** The lamp's driver follows its input from `time` on. */
  setLamp(level: number, time: number): void;
  /** Called at every change of what it shines. */
  onLamp(listener: (light: number, time: number) => void): Disposable;
  /** Share of its voltage that the mains give from `time` on, 1: all of it. */
  setSupply(share: number, time: number): void;
  /** Depth of the water that a storm has left in the underpass, mm. */
  water(time: number): number;
  murk(time: number): Murk;
  /** Cabinet door and SOS button as hands have left them. */
  readonly hands: Hands;
  /** Somebody opens the door or presses the button. */
  setHands(change: Partial<Hands>): void;
  /** Called at every change of them. */
  onHands(listener: (hands: Hands) => void): Disposable;
}

export function createWorld(options: WorldOptions): World {
  const { seed, place, utcOffset, start, storm } = options;
  const plan = trafficPlan(seed, utcOffset, options.density);
  const changes: { readonly time: number; readonly level: number }[] = [];
  let hands: Hands = { doorOpen: false, sosPressed: false, flooded: false };
  const watchers = new Set<(hands: Hands) => void>();
  const localHour = (time: number): number => ((((time + utcOffset * HOUR) % DAY) + DAY) % DAY) / HOUR;

  const lampLevel = (time: number): number => {
    if (time < start) return sunAltitude(place, time) < -0.83 ? 0.8 : 0;
    // Backwards: almost always the last change is asked for.
    for (let i = changes.length - 1; i >= 0; i--) {
      const change = changes[i];
      if (change !== undefined && change.time <= time) return change.level;
    }
    return 0;
  };

  const breaks: { readonly time: number; readonly burnt: boolean }[] = [];
  const dips: { readonly time: number; readonly share: number }[] = [];
  const supply = (time: number): number => dips.findLast((change) => change.time <= time)?.share ?? 1;
  const lampLight = (time: number): number =>
    breaks.findLast((change) => change.time <= time)?.burnt === true || supply(time) < DARK
      ? 0
      : lampLevel(time);

  const mains = loads({
    seed,
    begin: start - DAY,
    lampLight,
    supply: (time) => ({ share: supply(time), works: supply(time) >= DARK }),
    localHour,
    lampWatts: options.lampWatts ?? 120,
  });

  const followers = new Set<(level: number, time: number) => void>();
  // A device's registers are all asked for one moment, and each quantity asks for the weather anew.
  let weatherNow: { readonly time: number; readonly weather: Weather } | undefined;

  return {
    ...plan,
    options,
    seed,
    place,
    utcOffset,
    start,
    get hands() {
      return hands;
    },
    setHands(change) {
      hands = { ...hands, ...change };
      for (const listener of [...watchers]) listener(hands);
    },
    onHands(listener) {
      watchers.add(listener);
      return { [Symbol.dispose]: () => void watchers.delete(listener) };
    },
    localHour,
    lampLevel,
    lampLight,
    burnLamp(burnt, time) {
      const last = breaks.at(-1);
      if ((last?.burnt ?? false) === burnt) return;
      breaks.push({ time: Math.max(time, last?.time ?? time), burnt });
      for (const follower of [...followers]) follower(lampLight(time), time);
    },
    setSupply(share, time) {
      const last = dips.at(-1);
      if ((last?.share ?? 1) === share) return;
      const at = Math.max(time, last?.time ?? time);
      dips.push({ time: at, share });
      for (const follower of [...followers]) follower(lampLight(at), at);
    },
    water: (time) => (storm === undefined ? 0 : waterAt(storm, time)),
    murk(time) {
      const much = storm === undefined ? 0 : strength(storm, time);
      return { rain: much, fog: 0.5 * much ** 2 };
    },
    weather(time) {
      if (weatherNow?.time !== time) {
        const busyness = plan.passages(time - MINUTE, time).length;
        const calm = weatherAt(seed, place, utcOffset, time, busyness);
        const midnight = Math.floor((time + utcOffset * HOUR) / DAY) * DAY - utcOffset * HOUR;
        weatherNow = { time, weather: storm === undefined ? calm : stormy(calm, storm, time, midnight) };
      }
      return weatherNow.weather;
    },
    load: (circuit, time) => mains.at(circuit, time),
    pipe: () => undefined,
    sun: (time) => sunAltitude(place, time),
    setLamp(level, time) {
      const last = changes.at(-1);
      if (last?.level === level) return;
      // Changes come in order; one that claims to be earlier would rewrite energies already shown.
      changes.push({ time: Math.max(time, last?.time ?? time), level });
      for (const follower of [...followers]) follower(lampLight(Math.max(time, last?.time ?? time)), time);
    },
    onLamp(listener) {
      followers.add(listener);
      return { [Symbol.dispose]: () => void followers.delete(listener) };
    },
  };
}
