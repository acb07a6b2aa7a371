/** The days of a period as a table for programs: RFC 4180 (comma, CRLF, quotes where needed), one line a day and circuit. */
import Papa from 'papaparse';
import { UNITS } from '../../../core/unit.ts';
import type { ReportData } from './data.ts';
import { carrierWord, type Language, qualityWord, type Word, word } from './words.ts';

/** Before UTF-8, for spreadsheets that take a file without it for another encoding. */
const BOM = '\uFEFF';

export interface CsvOptions {
  readonly language: Language;
  readonly bom: boolean;
}

/** A quantity that is not known is an empty field, never 0. */
export function reportCsv({ account, days }: ReportData, { language, bom }: CsvOptions): string {
  const w = (name: Word) => word(name, language);
  const head = [
    w('date'),
    'id',
    w('circuit'),
    w('code'),
    w('carrier'),
    w('quantity'),
    w('unit'),
    w('quality'),
    w('readings'),
  ];
  const rows = days.flatMap(({ date, circuits }) =>
    account.circuits.flatMap(({ id, title, code, carrier, unit }) => {
      const one = circuits[id];
      if (one === undefined) return [];
      return [
        [
          date,
          id,
          language === 'zh' ? (title.zh ?? title.en) : title.en,
          code ?? '',
          carrierWord(carrier, language),
          one.quantity === null ? '' : String(Number(one.quantity.toFixed(6))),
          UNITS[unit].symbol,
          qualityWord(one.quality, language),
          one.completeness === null ? '' : one.completeness.toFixed(4),
        ],
      ];
    }),
  );
  const text = Papa.unparse(
    { fields: head, data: rows },
    // A cell that begins like a formula is text for a spreadsheet, too; numbers of ours may be negative.
    { newline: '\r\n', escapeFormulae: /^[=+@\t\r]/ },
  );
  return `${bom ? BOM : ''}${text}\r\n`;
}
