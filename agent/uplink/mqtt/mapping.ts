/** Fills the templates of a preset with descriptions and readings. */
import type { LoggedReading } from '../../core/record.ts';
import type { Description } from '../../core/site.ts';
import { UNITS } from '../../core/unit.ts';
import type { Message } from '../../core/uplink.ts';
import { isoTime, json } from '../payload.ts';
import type { Preset, Template } from './preset.ts';

export interface Mapped {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain: boolean;
}

type Facts = Readonly<Record<string, string | number | boolean | undefined>>;
type Filled = string | number | boolean | null | readonly Filled[] | { readonly [key: string]: Filled };

/** One name; `{{ … }}` is the far end's own template language. */
const NAME = /(?<!\{)\{([a-zA-Z]+)\}(?!\})/g;
const ONE_NAME = /^\{([a-zA-Z]+)\}$/;

export class Mapping {
  readonly #preset: Preset;
  readonly #place: Facts;

  constructor(preset: Preset, site: string, agent: string) {
    this.#preset = preset;
    this.#place = { site, agent };
  }

  /** What is published of a device before its data. */
  describe(description: Description): Mapped[] {
    const { device, title, class: kind, brand, model, asset, points } = description;
    const about = { ...this.#place, device, title: title.en, class: kind, brand, model, asset };
    const mapped: Mapped[] = [];
    for (const rule of this.#preset.messages) {
      if (rule.on !== 'describe') continue;
      if (rule.per === 'device') {
        mapped.push(this.#fill(rule, about, []));
        continue;
      }
      for (const { id, title: name, type, unit } of points) {
        const facts: Facts = {
          ...about,
          point: id,
          pointTitle: name.en,
          type,
          unit,
          symbol: UNITS[unit].symbol,
        };
        const fits = Object.entries(rule.where ?? {}).every(([key, value]) => facts[key] === value);
        if (fits) mapped.push(this.#fill(rule, facts, []));
      }
    }
    return mapped;
  }

  /** What is published of a message; its readings without a value are left out. */
  data({ envelope, records }: Message): Mapped[] {
    const readings = records.filter(
      (one): one is LoggedReading => one.kind === 'reading' && one.value !== null,
    );
    const mapped: Mapped[] = [];
    if (readings.length === 0) return mapped;
    for (const rule of this.#preset.messages) {
      if (rule.on !== 'data' || (rule.stream !== undefined && rule.stream !== envelope.stream)) continue;
      if (rule.per === 'message') mapped.push(this.#fill(rule, this.#place, readings));
      else
        for (const one of readings) mapped.push(this.#fill(rule, { ...this.#place, ...factsOf(one) }, [one]));
    }
    return mapped;
  }

  #fill(rule: Preset['messages'][number], facts: Facts, readings: readonly LoggedReading[]): Mapped {
    const payload = fill(rule.payload, facts, readings);
    return {
      topic: textOf(rule.topic, facts),
      payload: json(typeof payload === 'object' && payload !== null ? payload : { value: payload }),
      retain: rule.retain,
    };
  }
}

function factsOf({ device, point, value, unit, quality, reason, time, seq }: LoggedReading): Facts {
  return {
    device,
    point,
    value: value ?? undefined,
    unit,
    quality,
    reason,
    time: isoTime(time),
    ts: time,
    seq,
  };
}

/** Undefined where a name has no value. */
function fill(template: Template, facts: Facts, readings: readonly LoggedReading[]): Filled | undefined {
  if (typeof template === 'string') {
    const [, name] = ONE_NAME.exec(template) ?? [];
    return name === undefined ? textOf(template, facts) : facts[name];
  }
  if (typeof template !== 'object' || template === null) return template;
  if (Array.isArray(template)) return present(template.map((one: Template) => fill(one, facts, readings)));
  const { $devices: devices, $readings: each, ...entries } = template as Readonly<Record<string, Template>>;
  if (devices !== undefined) {
    const byDevice = Map.groupBy(readings, ({ device }) => device);
    const filled = Array.from(byDevice, ([device, own]) => [
      device,
      fill(devices, { ...facts, device }, own),
    ]);
    return Object.fromEntries(filled.filter(([, value]) => value !== undefined));
  }
  if (each !== undefined) {
    return present(readings.map((one) => fill(each, { ...facts, ...factsOf(one) }, [one])));
  }
  const filled = Object.entries(entries).map(([key, value]) => [
    textOf(key, facts),
    fill(value, facts, readings),
  ]);
  return Object.fromEntries(filled.filter(([, value]) => value !== undefined));
}

function present(list: readonly (Filled | undefined)[]): Filled[] {
  return list.filter((one) => one !== undefined);
}

function textOf(text: string, facts: Facts): string {
  return text.replace(NAME, (_, name: string) => String(facts[name] ?? ''));
}
