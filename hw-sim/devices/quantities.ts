/** What a point of a meter, a charger or a weather sensor shows, from the world, by the point's id. */
import type { CircuitLoad, CircuitName, PhaseLoad } from '../world/load.ts';
import type { Weather } from '../world/weather.ts';
import type { World } from '../world/world.ts';
import type { RegisterValue } from './modbus-model.ts';

/** kWh that ran backwards while the meter was being tested, per phase: a counter that is not 0 shows more. */
const EXPORTED = [0.31, 0.42, 0.53] as const;
/** Part of the energy counted in the day tariff. */
const DAY_TARIFF = 0.62;

/** The value function of an electricity meter on a circuit. Throws for a point no meter has: a table is wrong. */
export function meterOn(circuit: CircuitName) {
  return (point: string, world: World, time: number): RegisterValue =>
    electricity(point, world.load(circuit, time));
}

export function electricity(point: string, load: CircuitLoad): number {
  if (point === 'frequency') return load.frequency;
  const match =
    /^(voltage|current|power-active|power-reactive|power-apparent|power-factor|phase-angle|thd-voltage|energy(?:-reactive)?-(?:import|export|total))(?:-(l1|l2|l3|l3-or-total|total|average|system|t1|t2))?$/.exec(
      point,
    );
  if (match === null) throw new Error(`simulated meter: no quantity for the point "${point}"`);
  const [, quantity = '', which = 'total'] = match;
  const index = ['l1', 'l2', 'l3'].indexOf(which);
  const one = load.phases[index];
  const phases: readonly PhaseLoad[] = one === undefined ? load.phases : [one];
  const sum = (of: (phase: PhaseLoad) => number): number => phases.reduce((all, phase) => all + of(phase), 0);
  const mean = (of: (phase: PhaseLoad) => number): number => sum(of) / phases.length;
  if (quantity.startsWith('energy')) {
    const share = which === 't1' ? DAY_TARIFF : which === 't2' ? 1 - DAY_TARIFF : 1;
    const exported = load.phases.reduce(
      (all, phase, i) => (index < 0 || i === index ? all + (phase.exported ?? EXPORTED[i] ?? 0) : all),
      0,
    );
    return (
      share *
      energy(
        quantity,
        sum((p) => p.energy),
        sum((p) => p.reactiveEnergy),
        exported,
      )
    );
  }
  switch (quantity) {
    case 'voltage':
      return mean((p) => p.volts);
    case 'current':
      return which === 'average' ? mean((p) => p.amps) : sum((p) => p.amps);
    case 'power-active':
      return sum((p) => p.active);
    case 'power-reactive':
      return sum((p) => p.reactive);
    case 'power-apparent':
      return Math.hypot(
        sum((p) => p.active),
        sum((p) => p.reactive),
      );
    case 'power-factor':
      return (
        sum((p) => p.active) /
        Math.max(
          1e-9,
          Math.hypot(
            sum((p) => p.active),
            sum((p) => p.reactive),
          ),
        )
      );
    case 'phase-angle':
      return (
        (Math.atan2(
          sum((p) => p.reactive),
          sum((p) => p.active),
        ) *
          180) /
        Math.PI
      );
    default:
      return mean((p) => p.distortion);
  }
}

function energy(quantity: string, active: number, reactive: number, exported: number): number {
  switch (quantity) {
    case 'energy-import':
      return active;
    case 'energy-export':
      return exported;
    case 'energy-total':
      return active + exported;
    case 'energy-reactive-import':
      return reactive;
    case 'energy-reactive-export':
      return exported / 4;
    default:
      return reactive + exported / 4;
  }
}

/** The value function of a weather or climate sensor. */
export function environment(point: string, world: World, time: number): RegisterValue {
  return weather(point, world.weather(time));
}

export function weather(point: string, now: Weather): number {
  switch (point) {
    case 'wind-speed':
      return now.windSpeed;
    case 'wind-force':
      return beaufort(now.windSpeed);
    case 'wind-sector':
      return Math.round(now.windDirection / 45) % 8;
    case 'wind-direction-8':
      return (Math.round(now.windDirection / 45) % 8) * 45;
    case 'wind-direction':
      return Math.round(now.windDirection) % 360;
    case 'humidity':
      return now.humidity;
    case 'temperature':
      return now.temperature;
    case 'noise':
      return now.noise;
    case 'pm1-0':
      return now.pm1;
    case 'pm2-5':
      return now.pm25;
    case 'pm10':
      return now.pm10;
    case 'pressure':
      return now.pressure;
    case 'illuminance':
    case 'illuminance-hundreds':
      return now.lux;
    case 'rain':
      return now.rain;
    default:
      throw new Error(`simulated weather: no quantity for the point "${point}"`);
  }
}

/** Lower bounds of Beaufort 1…12, m/s (WMO No. 8, annex). */
const BEAUFORT = [0.3, 1.6, 3.4, 5.5, 8, 10.8, 13.9, 17.2, 20.8, 24.5, 28.5, 32.7] as const;

function beaufort(speed: number): number {
  return BEAUFORT.filter((from) => speed >= from).length;
}

/** A vehicle charges from 19:00 to 23:00 with three phases of 16 A; otherwise none is there. */
export function charging(world: World, time: number): boolean {
  const hour = world.localHour(time);
  return hour >= 19 && hour < 23;
}

const CHARGER_AMPS = 15.8;

/** kWh into the vehicle since it was plugged in. */
export function sessionEnergy(world: World, time: number): number {
  if (!charging(world, time)) return 0;
  return ((world.localHour(time) - 19) * CHARGER_AMPS * 3 * 228) / 1000;
}

/** The value function of a charger, for the points all of them share. */
export function charger(point: string, world: World, time: number): RegisterValue {
  const load = world.load('feeder', time);
  const on = charging(world, time);
  const phase = load.phases[['l1', 'l2', 'l3'].indexOf(point.slice(-2))];
  if (point.startsWith('voltage-') && phase !== undefined) return phase.volts;
  if (point.startsWith('current-l') && phase !== undefined) return on ? CHARGER_AMPS : 0;
  const watts = on ? load.phases.reduce((all, one) => all + one.volts * CHARGER_AMPS, 0) : 0;
  switch (point) {
    case 'power-active-total':
      return watts * 0.99;
    case 'power-apparent-total':
      return watts;
    case 'energy-session':
      return sessionEnergy(world, time);
    case 'energy-import':
      // 43 kWh an evening; counted by whole evenings since the street opened.
      return (
        812.5 +
        Math.max(0, Math.floor((time - world.start) / 86_400_000) + 1) * 43 +
        sessionEnergy(world, time)
      );
    case 'temperature':
      return world.weather(time).temperature + (on ? 18 : 6);
    default:
      throw new Error(`simulated charger: no quantity for the point "${point}"`);
  }
}
