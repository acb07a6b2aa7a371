/** Explains NMEA 0183 sentences. */
import { fromHex } from '../../agent/core/bytes.ts';
import { type DecodedReading, type Decoder, refused } from '../decode.ts';
import { fieldsOf, utcOf } from './fields.ts';
import { parse } from './sentence.ts';
import { SENTENCES, type SentenceType, toldOf } from './told.ts';

export const decoder: Decoder = {
  protocols: ['nmea0183'],
  decode(_protocol, input) {
    const found = parse(lineOf(input));
    if (!found.ok) return refused(found.error, found.sentence === undefined ? {} : fieldsOf(found.sentence));
    const { sentence } = found;
    const utc = utcOf(sentence);
    const readings = Object.entries(toldOf(sentence)).flatMap(([name, value]): DecodedReading[] =>
      typeof value === 'object' ? [] : [{ name, value, unit: unitOf(sentence.type, name) }],
    );
    return {
      ok: true,
      ...fieldsOf(sentence),
      ...(utc === null ? {} : { utc }),
      checksum: sentence.checksum ?? null,
      ...(readings.length === 0 ? {} : { readings }),
    };
  },
};

/** Sentence of text, of its bytes or of their hex; line ends are free. */
function lineOf(input: Uint8Array | string): string {
  const bytes = typeof input === 'string' && /^\s*(24|21)/.test(input) ? fromHex(input) : input;
  const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes ?? []).toString('latin1');
  return text.replace(/(\\r|\\n|\s)+$/, '').trimStart();
}

function unitOf(type: string, name: string): string {
  const units: Readonly<Record<string, string>> = SENTENCES[type as SentenceType];
  return units[name] ?? '';
}
