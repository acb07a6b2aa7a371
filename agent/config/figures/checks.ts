/** What figures are reckoned from must be there and convert; and what becomes of their settings. */
import { AgentError } from '../../core/errors.ts';
import type { AqiPollutant, FigureConfig, Input, WaterItem } from '../../core/figure.ts';
import { convertGas, type Gas, isGas } from '../../core/gas.ts';
import type { DeviceConfig } from '../../core/site.ts';
import type { Unit } from '../../core/unit.ts';
import type { Numbered, Say } from '../checks.ts';
import { nearest, type Path } from '../problem.ts';
import { FIGURE_KINDS, type FigureFile } from './schema.ts';

const POLLUTANTS = { so2: 'SO2', no2: 'NO2', co: 'CO', o3: 'O3', pm10: 'PM10', pm2_5: 'PM25' } as const;
const ITEMS = {
  ph: 'ph',
  dissolved_oxygen: 'dissolved-oxygen',
  permanganate: 'permanganate',
  cod: 'cod',
  bod5: 'bod5',
  ammonia: 'ammonia',
  phosphorus: 'phosphorus',
  nitrogen: 'nitrogen',
} as const satisfies Record<string, WaterItem>;

type Ref = { readonly device: string; readonly point: string };

/** The figure, or undefined where something is wrong with it, which is said. */
export function figureOf(
  { index, item }: Numbered<FigureFile>,
  devices: readonly DeviceConfig[],
  ids: readonly string[],
  say: Say,
): FigureConfig | undefined {
  const kinds = FIGURE_KINDS.filter((kind) => item[kind] !== undefined);
  const at = (...path: Path): Path => ['figures', index, ...path];
  if (kinds.length !== 1) {
    say(
      at(),
      `a figure is one of ${FIGURE_KINDS.join(', ')}, got ${kinds.length}`,
      'write aqi: { pm2_5: … }',
    );
    return undefined;
  }
  const facts = { id: item.id, title: item.title ?? { en: item.id } };
  let right = true;
  const wrong = (path: Path, message: string, fix: string) => {
    right = false;
    say(path, message, fix);
    return undefined;
  };
  const input = (path: Path, ref: Ref | undefined, unit?: Unit, gas?: Gas): Input | undefined => {
    if (ref === undefined) return undefined;
    const device = devices.find(({ id }) => id === ref.device);
    if (device === undefined) {
      right = false;
      // A device that is written but wrong otherwise is told of there.
      if (!ids.includes(ref.device))
        wrong([...path, 'device'], `there is no device ${ref.device}`, nearby('device', ref.device, ids));
      return undefined;
    }
    const { points, every } = device.profile;
    const point = points.find(({ id }) => id === ref.point);
    const names = points.map(({ id }) => id);
    if (point === undefined)
      return wrong(
        [...path, 'point'],
        `there is no point ${ref.point} of ${ref.device}`,
        nearby('point', ref.point, names),
      );
    try {
      if (unit !== undefined) convertGas(1, point.unit, unit, gas);
    } catch (thrown) {
      const why = thrown instanceof AgentError ? thrown.message : String(thrown);
      return wrong([...path, 'point'], why, 'name a point that measures it');
    }
    return { ...ref, unit: point.unit, every: device.every ?? point.every ?? every };
  };

  let figure: FigureConfig | undefined;
  if (item.aqi !== undefined) {
    const { aqi } = item;
    const inputs: Partial<Record<AqiPollutant, Input>> = {};
    for (const [key, pollutant] of Object.entries(POLLUTANTS) as [keyof typeof POLLUTANTS, AqiPollutant][]) {
      const gas = isGas(pollutant) ? pollutant : undefined;
      const found = input(at('aqi', key), aqi[key], pollutant === 'CO' ? 'mg/m3' : 'ug/m3', gas);
      if (found !== undefined) inputs[pollutant] = found;
    }
    if (right && Object.keys(inputs).length === 0)
      wrong(at('aqi'), 'no pollutant is named', 'write pm2_5: …');
    figure = {
      ...facts,
      kind: 'aqi',
      edition: aqi.edition,
      inputs,
      validMinutes: aqi.valid_minutes,
      validHours: aqi.valid_hours,
      validOfEight: aqi.valid_of_eight,
    };
  } else if (item.noise !== undefined) {
    const { noise } = item;
    const level = input(at('noise', 'level'), noise.level, 'dB(A)');
    const rain = input(at('noise', 'rain'), noise.rain);
    const wind = input(at('noise', 'wind'), noise.wind, 'm/s');
    if (level !== undefined)
      figure = {
        ...facts,
        kind: 'noise',
        level,
        ...(rain === undefined ? {} : { rain }),
        ...(wind === undefined ? {} : { wind }),
        every: noise.every,
        day: noise.day,
        windLimit: noise.wind_limit,
        validShare: noise.valid_share,
        validMinutes: noise.valid_minutes,
      };
  } else if (item.water !== undefined) {
    const { water } = item;
    const inputs: Partial<Record<WaterItem, Input>> = {};
    for (const [key, name] of Object.entries(ITEMS) as [keyof typeof ITEMS, WaterItem][]) {
      const found = input(at('water', key), water[key], name === 'ph' ? '[pH]' : 'mg/L');
      if (found !== undefined) inputs[name] = found;
    }
    if (right && Object.keys(inputs).length === 0) wrong(at('water'), 'no item is named', 'write ph: …');
    figure = { ...facts, kind: 'water', body: water.body, inputs, validMinutes: water.valid_minutes };
  }
  return right ? figure : undefined;
}

function nearby(key: string, name: string, known: readonly string[]): string {
  const close = nearest(name, known);
  return close === undefined ? 'write one that is there' : `write ${key}: ${close}`;
}
