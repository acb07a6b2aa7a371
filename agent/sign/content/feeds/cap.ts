/** Warnings by the Common Alerting Protocol, CAP-v1.2 (OASIS, 1 July 2010). */
import { WARNING_COLOURS, type WarningColour } from '../../../core/board.ts';
import type { Texts, Warning } from '../../../core/content/content.ts';
import { plainText } from '../../../core/content/plain-text.ts';
import { definedOnly } from '../defined-only.ts';
import { TEXT_LIMITS } from '../document.ts';
import { type CapElement, childrenOf, readCap, textOf } from './cap-xml.ts';
import { bounded, type ReadFeed } from './json.ts';

/** An alert without `expires` holds this long from when it was sent; §3.2.2 leaves it to whoever receives it, ms. */
const WITHOUT_END = 24 * 3_600_000;
const MOST_WARNINGS = 50;

/** §3.2.2 severity, as the four colours of China's warning signals. */
const BY_SEVERITY: Readonly<Record<string, WarningColour>> = {
  Minor: 'blue',
  Moderate: 'yellow',
  Severe: 'orange',
  Extreme: 'red',
};
const NAMES: Readonly<Record<WarningColour, RegExp>> = {
  blue: /^(blue|蓝色?(预警)?)$/i,
  yellow: /^(yellow|黄色?(预警)?)$/i,
  orange: /^(orange|橙色?(预警)?)$/i,
  red: /^(red|红色?(预警)?)$/i,
};

interface Alert {
  readonly id: string;
  /** `sender,identifier` pairs that it updates or cancels. */
  readonly replaces: readonly string[];
  readonly name: string;
  readonly warnings: readonly Warning[];
}

/** Reads a body. Takes any bytes, never throws. `areas`: geocodes of which an alert has to name one. */
export function readCapFeed(
  bytes: Uint8Array,
  source: Texts,
  areas: readonly string[] | undefined,
): ReadFeed {
  const read = readCap(bytes);
  if (!read.ok) return read;
  const alerts = read.alerts.flatMap((alert) => oneAlert(alert, source, areas) ?? []);
  // What another alert of the feed updates or cancels is over, in whatever order they stand.
  const over = new Set(alerts.flatMap(({ replaces }) => replaces));
  const warnings = alerts.filter(({ name }) => !over.has(name)).flatMap((alert) => alert.warnings);
  const dropped = read.alerts.length - alerts.length;
  return { ok: true, told: { warnings: warnings.slice(0, MOST_WARNINGS), notices: [] }, dropped };
}

/** Undefined for an alert that is not for people on a street: a test, an exercise, a draft, one for few. */
function oneAlert(alert: CapElement, source: Texts, areas: readonly string[] | undefined): Alert | undefined {
  const id = textOf(alert, 'identifier');
  const sender = textOf(alert, 'sender');
  const sent = momentOf(textOf(alert, 'sent'));
  const type = textOf(alert, 'msgType');
  // §3.2.1: status Actual; scope Public; Ack and Error are for machines.
  if (id === undefined || sender === undefined || sent === undefined) return undefined;
  if (textOf(alert, 'status') !== 'Actual' || (textOf(alert, 'scope') ?? 'Public') !== 'Public')
    return undefined;
  if (type !== 'Alert' && type !== 'Update' && type !== 'Cancel') return undefined;
  // §3.2.1 references: sender,identifier,sent, apart by white space.
  const references = (textOf(alert, 'references') ?? '').split(/\s+/).filter((one) => one !== '');
  const replaces = references.map((one) => one.split(',').slice(0, 2).join(','));
  const warnings = type === 'Cancel' ? [] : warningsOf(alert, `${sender},${id}`, sent, source, areas);
  return { id, name: `${sender},${id}`, replaces: replaces.slice(0, 100), warnings };
}

/** One warning for each group of `info` that says the same in several languages. */
function warningsOf(
  alert: CapElement,
  name: string,
  sent: number,
  source: Texts,
  areas: readonly string[] | undefined,
): readonly Warning[] {
  const groups = new Map<string, CapElement[]>();
  for (const info of childrenOf(alert, 'info')) {
    if (areas !== undefined && !covers(info, areas)) continue;
    const key = [colourOf(info), ...['onset', 'expires'].map((one) => textOf(info, one))].join('|');
    groups.set(key, [...(groups.get(key) ?? []), info]);
  }
  return [...groups.values()].flatMap((infos, i) => {
    const [first] = infos;
    const colour = first && colourOf(first);
    if (first === undefined || colour === undefined) return [];
    const expires = momentOf(textOf(first, 'expires')) ?? sent + WITHOUT_END;
    if (expires <= sent) return [];
    const event = texts(infos, ['event'], TEXT_LIMITS.title);
    const text = texts(infos, ['headline', 'description'], TEXT_LIMITS.body);
    if (Object.keys(event).length === 0) return [];
    const from = momentOf(textOf(first, 'onset') ?? textOf(first, 'effective'));
    return [
      definedOnly({
        id: `cap-${i}-${name.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 100)}`,
        colour,
        event,
        text: Object.keys(text).length === 0 ? event : text,
        source,
        issued: sent,
        from,
        expires: bounded(sent, expires),
      }),
    ];
  });
}

/** What an `info` calls its colour, or what its severity stands for; undefined for Unknown. */
function colourOf(info: CapElement): WarningColour | undefined {
  const named = [...childrenOf(info, 'parameter'), ...childrenOf(info, 'eventCode')].map(
    (one) => textOf(one, 'value') ?? '',
  );
  return (
    WARNING_COLOURS.find((colour) => named.some((value) => NAMES[colour].test(value))) ??
    BY_SEVERITY[textOf(info, 'severity') ?? '']
  );
}

function covers(info: CapElement, areas: readonly string[]): boolean {
  return childrenOf(info, 'area').some((area) =>
    childrenOf(area, 'geocode').some((code) => areas.includes(textOf(code, 'value') ?? '')),
  );
}

/** The first of `names` that each language has; §3.2.2: without a language it is en-US. */
function texts(infos: readonly CapElement[], names: readonly string[], max: number): Texts {
  const found: Record<string, string> = {};
  for (const info of infos) {
    const language = textOf(info, 'language') ?? 'en-US';
    if (!/^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$/.test(language) || Object.hasOwn(found, language)) continue;
    const raw = names.map((name) => textOf(info, name)).find((one) => one !== undefined);
    const text = plainText(raw ?? '', max);
    if (text !== '') found[language] = text;
  }
  return found;
}

/** §3.3.2: a time with its offset; UTC is -00:00. */
function momentOf(raw: string | undefined): number | undefined {
  if (raw === undefined || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(raw))
    return undefined;
  const time = Date.parse(raw);
  return Number.isFinite(time) ? time : undefined;
}
