/**
 * `aqi` for `kerbside decode`: the index of one concentration (`PM25_24h=95`) or a report of several (JSON by item). The
 * edition stands in the text (`HJ633-2012 PM25_24h=95`, `{"standard": …}`), beside it (`standard`, `date`), or in the
 * caller's id (`aqi-2012-…`); else it is that of 2026.
 */
import { type Decoded, type Decoder, type Hints, refused } from '../../core/decode.ts';
import { aqiReport, iaqi, type ReportKind } from './aqi.ts';
import { type Edition, editionOn, type Item, isEdition, isItem, levelOf, pollutantOf } from './tables.ts';

const NOT_REGULATORY = '非法定监测';

export const decoder: Decoder = {
  protocols: ['aqi'],
  decode(_protocol, input, _dir, hints = {}) {
    const text = (typeof input === 'string' ? input : Buffer.from(input).toString('utf8')).trim();
    try {
      return text.startsWith('{') ? several(JSON.parse(text), hints) : one(text, hints);
    } catch (thrown) {
      return refused(thrown instanceof Error ? thrown.message : String(thrown));
    }
  },
};

function editionOf(named: string | undefined, date: string | undefined, hints: Hints): Edition | string {
  const standard = named ?? hints.standard;
  if (standard !== undefined) {
    const spelled = standard.replace(/^(?:HJ\s?633-)?(\d{4})$/, 'HJ633-$1').replace(/\s/g, '');
    return isEdition(spelled) ? spelled : `standard ${standard} is not known: HJ633-2012, HJ633-2026`;
  }
  const day = date ?? hints.date;
  if (day !== undefined)
    return /^\d{4}-\d\d-\d\d/.test(day) ? editionOn(day.slice(0, 10)) : `date ${day} is none`;
  const year = /^aqi-(\d{4})-/.exec(hints.id ?? '')?.[1];
  return year !== undefined && isEdition(`HJ633-${year}`) ? `HJ633-${year}` : 'HJ633-2026';
}

function one(text: string, hints: Hints): Decoded {
  const found = /^(?:HJ\s?633-(\d{4})[\s:,]+)?([A-Za-z0-9.]+_(?:1h|8h|24h))\s*=\s*(\d+(?:\.\d+)?)$/.exec(
    text,
  );
  if (found === null) return refused('expected one item and its concentration, e.g. PM25_24h=95, or JSON');
  const [, year, name = '', number = ''] = found;
  const edition = editionOf(year, undefined, hints);
  if (!isEdition(edition)) return refused(edition);
  const item = itemOf(name);
  if (item === undefined) return refused(`item ${name} is not known`);
  const conc = Number(number);
  const index = iaqi(edition, item, conc);
  if (index === undefined)
    return refused(`${item} has no column in ${edition}`, { standard: edition, item, conc });
  return {
    ok: true,
    standard: edition,
    item,
    conc,
    iaqi: index,
    ...(index === null ? {} : shown(index)),
    pollutant: pollutantOf(item),
    note: NOT_REGULATORY,
  };
}

function several(raw: unknown, hints: Hints): Decoded {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    return refused('expected an object of items');
  const { standard, date, report, ...rest } = raw as Record<string, unknown>;
  const edition = editionOf(textOr(standard), textOr(date), hints);
  if (!isEdition(edition)) return refused(edition);
  const concentrations: Partial<Record<Item, number>> = {};
  for (const [name, value] of Object.entries(rest)) {
    const item = itemOf(name);
    if (item === undefined) return refused(`item ${name} is not known`);
    if (value === null) continue;
    if (typeof value !== 'number') return refused(`${name}: expected a number or null`);
    concentrations[item] = value;
  }
  const kind: ReportKind =
    report === 'daily' || report === 'hourly'
      ? report
      : Object.keys(concentrations).some((item) => item.endsWith('_1h'))
        ? 'hourly'
        : 'daily';
  const { facts, ...figures } = aqiReport(edition, kind, concentrations);
  return {
    ok: true,
    ...figures,
    ...(facts === undefined ? {} : { category: facts.zh, category_en: facts.en, colour: facts.colour }),
    note: NOT_REGULATORY,
  };
}

function shown(index: number) {
  const { level, zh, en, colour } = levelOf(index);
  return { level, category: zh, category_en: en, colour };
}

function textOr(value: unknown): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
}

/** Also as it is printed: PM2.5. */
function itemOf(name: string): Item | undefined {
  const spelled = name.replace('PM2.5', 'PM25').replace('PM2_5', 'PM25');
  return isItem(spelled) ? spelled : undefined;
}
