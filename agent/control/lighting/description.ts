/** What a lamp says of itself as a device of the site: what it should show and why, its failures, its energy. */
import type { Point, Text } from '../../core/point.ts';
import type { Description, LampConfig } from '../../core/site.ts';
import { RUNGS, type Rung } from './evaluate.ts';
import { FINDINGS, type Finding } from './verification.ts';

const RUNG_TEXTS: Readonly<Record<Rung, Text>> = {
  safety: { en: 'off for safety', zh: '安全断电' },
  boost: { en: 'boost', zh: '临时增亮' },
  override: { en: 'override', zh: '人工或平台控制' },
  maintenance: { en: 'maintenance', zh: '检修' },
  exception: { en: 'exception', zh: '例外日程' },
  traffic: { en: 'traffic', zh: '随车流调光' },
  calendar: { en: 'calendar', zh: '日程' },
  astro: { en: 'sun', zh: '经纬度时控' },
  day: { en: 'day', zh: '白天' },
  photocell: { en: 'photocell alone', zh: '仅光控' },
  'fail-safe': { en: 'fail-safe', zh: '故障安全' },
};

const FINDING_TEXTS: Readonly<Record<Finding, Text>> = {
  lampFailure: { en: 'Lamp failure', zh: '灯具故障' },
  lampUnexpectedOn: { en: 'Lamp on unasked', zh: '异常亮灯' },
  dimmingFailure: { en: 'Dimming failure', zh: '调光故障' },
  cyclingFailure: { en: 'Cycling', zh: '频繁亮灭' },
  powerTooHigh: { en: 'Power too high', zh: '功率过高' },
  powerTooLow: { en: 'Power too low', zh: '功率过低' },
  supplyLoss: { en: 'Supply loss', zh: '断电' },
};

/** Id of the point of a finding: `lampFailure` → `lamp-failure`. */
export function findingPoint(finding: Finding): string {
  return finding.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** States of a lamp are told on change and this often, ms, so that their age says that somebody still looks. */
export const REPEAT = 60_000;
/** Interval of the energy amounts, ms. */
export const ACCOUNT = 15 * 60_000;

/** Period of a point of a lamp, ms. */
export function lampPeriod(point: string): number {
  return point === 'energy' || point === 'saved' ? ACCOUNT : REPEAT;
}

const common = { access: 'read', lane: 'telemetry' } as const;

const WANTED: Point = {
  ...common,
  id: 'wanted',
  title: { en: 'Wanted level', zh: '目标亮度' },
  type: 'number',
  unit: '%',
  decimals: 0,
  range: [0, 100],
  aggregation: 'mean',
};

const RUNG: Point = {
  ...common,
  id: 'rung',
  title: { en: 'Why this level', zh: '亮度依据' },
  type: 'string',
  unit: '1',
  aggregation: 'state',
  states: Object.fromEntries(RUNGS.map((rung) => [rung, RUNG_TEXTS[rung]])),
};

const NIGHT: Point = {
  ...common,
  id: 'night',
  title: { en: 'Night for the lamp', zh: '路灯时段' },
  type: 'boolean',
  unit: '1',
  aggregation: 'state',
  states: { true: { en: 'night', zh: '夜间' }, false: { en: 'day', zh: '白天' } },
};

const amount = (id: string, title: Text): Point => ({
  ...common,
  id,
  title,
  type: 'number',
  unit: 'kW.h',
  decimals: 5,
  aggregation: 'sum',
});

const finding = (name: Finding): Point => ({
  id: findingPoint(name),
  title: FINDING_TEXTS[name],
  type: 'boolean',
  unit: '1',
  access: 'read',
  aggregation: 'state',
  lane: 'alarm',
  states: { true: { en: 'found', zh: '有' }, false: { en: 'none', zh: '无' } },
});

/** The device a lamp with a programme is; undefined for one that nobody runs. */
export function lampDescription(lamp: LampConfig): Description | undefined {
  if (lamp.programme === undefined) return undefined;
  const measured = [
    amount('energy', { en: 'Energy in the interval', zh: '区间用电' }),
    amount('saved', { en: 'Saved against full light', zh: '较全亮节电' }),
    ...FINDINGS.map(finding),
  ];
  return {
    device: lamp.id,
    title: { en: lamp.id },
    class: 'street-lamp',
    brand: 'any',
    model: 'programme',
    points: [WANTED, RUNG, NIGHT, ...(lamp.power === undefined ? [] : measured)],
  };
}
