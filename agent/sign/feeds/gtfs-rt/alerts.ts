/** Alerts of GTFS Realtime. */
import type { AlertEffect, AlertSeverity, AlertText, Informed } from '../../../core/sign/transit.ts';
import type { RawAlert } from '../content.ts';
import type { WireAlert, WireTexts } from './gtfs_realtime.pb.js';
import { numberOf, tripOf } from './wire.ts';

const EFFECTS: Readonly<Record<number, AlertEffect>> = {
  1: 'no-service',
  2: 'reduced-service',
  3: 'significant-delays',
  4: 'detour',
  5: 'additional-service',
  6: 'modified-service',
  7: 'other',
  8: 'unknown',
  9: 'stop-moved',
  10: 'no-effect',
  11: 'accessibility',
};
const SEVERITIES: readonly AlertSeverity[] = ['unknown', 'unknown', 'info', 'warning', 'severe'];
/** Selectors of one alert; a closed line names each of its stops. */
const MOST_INFORMED = 20_000;
const MOST_PERIODS = 200;

export function alertOf(id: string, from: WireAlert): RawAlert {
  return {
    id,
    informed: from.informedEntity.slice(0, MOST_INFORMED).map((one): Informed => {
      const { routeId, stopId, trip } = one;
      const direction = Object.hasOwn(one, 'directionId') ? one.directionId : undefined;
      return {
        ...(routeId === '' ? {} : { line: routeId }),
        ...(direction === 0 || direction === 1 ? { direction } : {}),
        ...(stopId === '' ? {} : { stop: stopId }),
        ...(trip === null ? {} : { trip: tripOf(trip) }),
      };
    }),
    active: from.activePeriod.slice(0, MOST_PERIODS).map((period) => {
      const [start, end] = [numberOf(period.start), numberOf(period.end)];
      return { ...(start > 0 ? { from: start * 1000 } : {}), ...(end > 0 ? { to: end * 1000 } : {}) };
    }),
    texts: textsOf(from),
    effect: EFFECTS[Object.hasOwn(from, 'effect') ? from.effect : 8] ?? 'unknown',
    severity: SEVERITIES[from.severityLevel] ?? 'unknown',
  };
}

/** One text per language of the headers; a description in a language without a header stands alone. */
function textsOf({ headerText, descriptionText, ttsHeaderText }: WireAlert): AlertText[] {
  const [headers, descriptions, spoken] = [
    byLanguage(headerText),
    byLanguage(descriptionText),
    byLanguage(ttsHeaderText),
  ];
  const languages = new Set([...headers.keys(), ...descriptions.keys()]);
  return [...languages].map((language) => {
    const description = descriptions.get(language);
    const speech = spoken.get(language);
    return {
      ...(language === '' ? {} : { language }),
      header: headers.get(language) ?? '',
      ...(description === undefined ? {} : { description }),
      ...(speech === undefined ? {} : { spoken: speech }),
    };
  });
}

function byLanguage(texts: WireTexts | null): Map<string, string> {
  const found = new Map<string, string>();
  for (const { text, language } of texts?.translation ?? [])
    if (!found.has(language)) found.set(language, text);
  return found;
}
