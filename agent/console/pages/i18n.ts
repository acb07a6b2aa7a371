/** Texts in two languages, and how numbers, times and places are written. */

import type { PointRow } from '../api/contract.ts';
import en from '../locales/en.json' with { type: 'json' };
import zh from '../locales/zh-CN.json' with { type: 'json' };
import { agentNow, current, type Language, set } from './state.ts';

export type Key = keyof typeof en;

const TEXTS: Readonly<Record<Language, Readonly<Record<string, string>>>> = { en, 'zh-CN': zh };

/** The text of `key` in the chosen language, with `{name}` filled in. */
export function t(key: Key, values: Readonly<Record<string, string | number>> = {}): string {
  const text = TEXTS[current().language][key] ?? en[key];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Whether there is a text of this name. */
export function knownKey(key: string): boolean {
  return Object.hasOwn(en, key);
}

/** A text of the agent in the chosen language. */
export function say(text: { readonly en: string; readonly zh?: string | undefined } | undefined): string {
  return (current().language === 'zh-CN' ? text?.zh : undefined) ?? text?.en ?? '';
}

export function setLanguage(language: Language): void {
  localStorage.setItem('kerbside.language', language);
  document.documentElement.lang = language;
  set({ language });
}

export function formatCount(value: number): string {
  return new Intl.NumberFormat(current().language).format(value);
}

/** A value as people read it, without its unit: in the decimals of the point, states by name. */
export function formatValue(row: PointRow, value: PointRow['value'] = row.value): string {
  if (value === null) return '—';
  const state = row.states?.[String(value)];
  if (state !== undefined) return say(state);
  if (typeof value === 'boolean') return value ? t('value.yes') : t('value.no');
  if (typeof value === 'string') return value;
  return formatNumber(value, row.decimals);
}

export function formatNumber(value: number, decimals: number | null): string {
  const digits =
    decimals === null
      ? { maximumSignificantDigits: 5 }
      : { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return new Intl.NumberFormat(current().language, digits).format(value);
}

/** `4 s`, `12 min`, `3 h`, `2 d`. */
export function formatAge(time: number): string {
  return formatSpan(agentNow() - time);
}

/** The same of a span, ms. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return t('age.seconds', { n: seconds });
  if (seconds < 90 * 60) return t('age.minutes', { n: Math.round(seconds / 60) });
  if (seconds < 36 * 3600) return t('age.hours', { n: Math.round(seconds / 3600) });
  return t('age.days', { n: Math.round(seconds / 86_400) });
}

/** Time of day at the site. */
export function formatClock(time: number): string {
  return when(time, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
}

/** Hour and minute at the site. */
export function formatHour(time: number): string {
  return when(time, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}

/** Date and time of day at the site. */
export function formatMoment(time: number): string {
  return when(time, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
}

function when(time: number, options: Intl.DateTimeFormatOptions): string {
  const { language, site } = current();
  return new Intl.DateTimeFormat(language, { ...options, timeZone: site?.timezone ?? 'UTC' }).format(time);
}

/** A part of the agent by the name people know. */
export function partName(part: string): string {
  const [kind = '', id] = part.split(':');
  const { site } = current();
  const known = [...(site?.devices ?? []), ...(site?.cameras ?? [])].find((one) => one.id === id);
  const title = known === undefined ? id : say(known.title);
  const key = `part.${kind}`;
  const name = Object.hasOwn(en, key) ? t(key as Key) : kind;
  return title === undefined ? name : `${name} · ${title}`;
}
