/** Weather and air of the street: pure functions of seed and time that agree with the sun and the traffic. */
import { drift } from './random.ts';
import { clearSkyLux, type Place, sunAltitude } from './sun.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const CHANNEL = {
  cloud: 101,
  front: 102,
  gust: 103,
  wind: 104,
  turn: 105,
  sway: 106,
  haze: 107,
  dust: 108,
  hum: 109,
  air: 110,
};

export interface Weather {
  /** lux on the ground from the sky. */
  readonly lux: number;
  /** 0…1 */
  readonly cloud: number;
  /** °C */
  readonly temperature: number;
  /** %RH */
  readonly humidity: number;
  /** m/s */
  readonly windSpeed: number;
  /** Degrees the wind comes from, 0 ≤ x < 360. */
  readonly windDirection: number;
  /** kPa */
  readonly pressure: number;
  /** mm since local midnight. */
  readonly rain: number;
  /** dB(A) */
  readonly noise: number;
  /** µg/m³ */
  readonly pm1: number;
  readonly pm25: number;
  readonly pm10: number;
}

/** `busyness`: vehicles of the last minute, which noise and dust follow. */
export function weatherAt(
  seed: number,
  place: Place,
  utcOffset: number,
  time: number,
  busyness: number,
): Weather {
  const altitude = sunAltitude(place, time);
  const cloud = 0.5 + 0.5 * drift(seed, CHANNEL.cloud, time, 3 * HOUR);
  const lux = clearSkyLux(altitude) * (1 - 0.75 * cloud ** 2);
  const temperature = temperatureAt(seed, place, time);
  const humidity = clamp(
    72 - 2.2 * (temperature - 15) + 10 * drift(seed, CHANNEL.front, time, 9 * HOUR),
    20,
    98,
  );
  const windSpeed = Math.max(
    0,
    2.4 + 1.6 * drift(seed, CHANNEL.wind, time, 2 * HOUR) + 0.8 * drift(seed, CHANNEL.gust, time, 20_000),
  );
  const turn =
    135 + 90 * drift(seed, CHANNEL.turn, time, 6 * HOUR) + 12 * drift(seed, CHANNEL.sway, time, 30_000);
  const haze = 28 + 16 * drift(seed, CHANNEL.haze, time, 5 * HOUR) + 0.35 * busyness;
  const dust = 1.5 + 0.25 * drift(seed, CHANNEL.dust, time, HOUR);
  return {
    lux,
    cloud,
    temperature,
    humidity,
    windSpeed,
    windDirection: ((turn % 360) + 360) % 360,
    pressure: 101.6 + 0.7 * drift(seed, CHANNEL.air, time, 11 * HOUR),
    rain: rainSinceMidnight(seed, utcOffset, time),
    noise: 46 + 7 * Math.log10(1 + busyness) + 1.5 * drift(seed, CHANNEL.hum, time, 10_000),
    pm1: haze * 0.62,
    pm25: haze,
    pm10: haze * dust,
  };
}

/** Warmest two hours after the sun's highest stand; yearly swing by the day of the year (northern hemisphere). */
function temperatureAt(seed: number, place: Place, time: number): number {
  const yearPart = ((time / DAY + 10) % 365.25) / 365.25;
  const season = -Math.cos(yearPart * 2 * Math.PI) * Math.sign(place.lat || 1);
  const solarHour = (((time / HOUR + place.lon / 15) % 24) + 24) % 24;
  const daily = Math.cos(((solarHour - 14) / 24) * 2 * Math.PI);
  return 17 + 11 * season + 4 * daily + 3 * drift(seed, CHANNEL.front, time, 30 * HOUR);
}

/** Rain falls in the hours whose clouds are thickest; the gauge is emptied at local midnight. */
function rainSinceMidnight(seed: number, utcOffset: number, time: number): number {
  const midnight = Math.floor((time + utcOffset * HOUR) / DAY) * DAY - utcOffset * HOUR;
  let sum = 0;
  for (let hour = midnight; hour < time; hour += HOUR) {
    const cloud = drift(seed, CHANNEL.cloud, hour, 3 * HOUR);
    if (cloud > 0.8) sum += (cloud - 0.8) * 20 * Math.min(1, (time - hour) / HOUR);
  }
  return sum;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
