/** Names in further languages: `translations.txt` of the GTFS reference, and of Google's extension before it (`trans_id`). */
import type { Translated } from '../../core/sign/transit.ts';
import type { Findings } from './problem.ts';
import { eachRow, type Tables } from './table.ts';
import { plain } from './values.ts';

const TABLE = 'translations.txt';
/** Tables and fields whose texts a sign shows. */
const WANTED: ReadonlySet<string> = new Set([
  'stops.stop_name',
  'stops.platform_code',
  'routes.route_short_name',
  'routes.route_long_name',
  'trips.trip_headsign',
  'stop_times.stop_headsign',
]);
/** Texts kept: of a country's feed, those of the whole country would be. */
const MOST = 200_000;

export interface TextKey {
  /** `stops.stop_name` */
  readonly field: string;
  readonly record: string;
  /** `stop_sequence` for stop_times. */
  readonly sub?: string;
}

export class Translations {
  readonly #byRecord = new Map<string, Record<string, string>>();
  readonly #byText = new Map<string, Record<string, string>>();

  /** Later sources count before earlier ones. `wanted`: whether the texts of a record are shown by this sign. */
  static async read(
    sources: readonly Tables[],
    wanted: (table: string, record: string) => boolean,
    findings: Findings,
  ): Promise<Translations> {
    const found = new Translations();
    for (const source of sources) if (source.has(TABLE)) await found.#add(source, wanted, findings);
    return found;
  }

  async #add(
    archive: Tables,
    wanted: (table: string, record: string) => boolean,
    findings: Findings,
  ): Promise<void> {
    let kept = 0;
    await eachRow(archive, TABLE, [], (row) => {
      const language = row.get('language') || row.get('lang');
      const text = plain(row.get('translation'));
      if (!/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/.test(language) || text === '') {
        const fix = 'Write the tag of a language and its text.';
        findings.say(row.problem('language', 'no language or no text, left out', fix));
        return;
      }
      const [table, field, record, value] = [
        row.get('table_name'),
        row.get('field_name'),
        row.get('record_id'),
        row.get('field_value') || row.get('trans_id'),
      ];
      const name = `${table}.${field}`;
      if (table !== '' && !WANTED.has(name)) return;
      if (kept >= MOST) return;
      if (record !== '' && table !== '') {
        if (!wanted(table, record)) return;
        add(this.#byRecord, `${name}\n${record}\n${row.get('record_sub_id')}`, language, text);
      } else if (value !== '') {
        add(this.#byText, `${table === '' ? '' : name}\n${value}`, language, text);
      } else return;
      kept += 1;
    });
  }

  /** `text` with what is known of it. */
  of(text: string, { field, record, sub = '' }: TextKey): Translated {
    const translations = {
      ...this.#byText.get(`\n${text}`),
      ...this.#byText.get(`${field}\n${text}`),
      ...this.#byRecord.get(`${field}\n${record}\n`),
      ...(sub === '' ? {} : this.#byRecord.get(`${field}\n${record}\n${sub}`)),
    };
    const clean = plain(text);
    return Object.keys(translations).length === 0 ? { text: clean } : { text: clean, translations };
  }
}

function add(map: Map<string, Record<string, string>>, key: string, language: string, text: string): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, { [language]: text });
  else known[language] = text;
}
