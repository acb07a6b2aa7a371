/** Explains lines of a dialogue in AT commands. */
import { type Decoded, type Decoder, refused } from '../decode.ts';
import {
  ceer,
  cereg,
  cesq,
  cops,
  cpin,
  cpsi,
  csq,
  dsflowqry,
  type Explain,
  FIELDS,
  hcsq,
  iccid,
  qcsq,
  qeng,
  qgdcnt,
} from './answers.ts';
import { finalOf, LineScanner } from './lines.ts';

const ANSWERS: Readonly<Record<string, Explain>> = {
  '+CSQ': csq,
  '+CESQ': cesq,
  '+COPS': cops,
  '+CEREG': cereg,
  '+CPIN': cpin,
  '+CEER': ceer,
  '+CCID': iccid,
  '+QCCID': iccid,
  '+ICCID': iccid,
  '^ICCID': iccid,
  '+QENG': qeng('dB'),
  '+QCSQ': qcsq('dB'),
  '+CPSI': cpsi,
  '^HCSQ': hcsq,
  '+QGDCNT': qgdcnt,
  '^DSFLOWQRY': dsflowqry,
};

export const decoder: Decoder = {
  protocols: ['at', 'at-modem'],
  decode(_protocol, input, dir): Decoded {
    const text = typeof input === 'string' ? input : new TextDecoder('latin1').decode(input);
    const lines = new LineScanner().push(
      new TextEncoder().encode(`${text.replaceAll('\\r', '\r').replaceAll('\\n', '\n')}\r`),
    );
    if (lines.length === 0) return refused('no line');
    if (dir === 'down' || /^AT/i.test(lines[0] ?? '')) return { ok: true, command: lines[0] };
    const last = lines.map(finalOf).find((final) => final !== undefined);
    const fields: Record<string, unknown> = {};
    for (const line of lines) {
      const name = /^[+^][A-Z]+(?=:)/.exec(line)?.[0] ?? '';
      const explain = ANSWERS[name];
      if (explain !== undefined) Object.assign(fields, { answers: name }, explain([line]));
    }
    if (Object.keys(fields).length === 0 && last === undefined) return refused(`unknown line: ${lines[0]}`);
    const final = last === undefined ? {} : { result: last.ok ? 'OK' : last.error };
    const readings = Object.entries(fields)
      .filter(([name, value]) => Object.hasOwn(FIELDS, name) && typeof value === 'number')
      .map(([name, value]) => ({
        name,
        value: value as number,
        unit: FIELDS[name as keyof typeof FIELDS] || '1',
      }));
    return { ok: true, ...fields, ...final, ...(readings.length > 0 ? { readings } : {}) };
  },
};
