/** Explains frames of the wired M-Bus, under the names that libmbus prints. */
import { fromHex, hex } from '../../agent/core/bytes.ts';
import {
  type Decoded,
  type DecodedReading,
  type Decoder,
  type Direction,
  type Fields,
  refused,
} from '../decode.ts';
import { hex2 } from '../meter-frame.ts';
import { type Content, contentOf } from './content.ts';
import { type Fixed, fixedOf } from './fixed.ts';
import {
  ANYBODY,
  BROADCAST,
  CI_ERROR,
  CI_FIXED,
  FCB,
  type Frame,
  frameAt,
  fromSlave,
  type LongFrame,
  REQ_UD1,
  REQ_UD2,
  SELECT,
  SELECTED,
  SND_NKE,
} from './frame.ts';
import { type Header, headerOf, hiddenBy, mediumName } from './header.ts';
import { meaningOf } from './modifier.ts';
import { productOf } from './products.ts';
import { type MbusRecord, recordsOf } from './record.ts';
import { headerError, refusalName, telegramOf, valueIn } from './telegram.ts';

export const decoder: Decoder = {
  protocols: ['mbus'],
  decode(_protocol, input, dir) {
    const bytes = typeof input === 'string' ? fromHex(input) : input;
    if (bytes === undefined) return refused('not hex');
    if (bytes.length === 0) return refused('short: no byte');
    const found = frameAt(bytes, 0);
    if (found.kind === 'more') return refused(`short: ${found.missing}`);
    if (found.kind === 'none') {
      return refused(found.why, found.frame === undefined ? {} : headFields(found.frame));
    }
    if (found.length < bytes.length) {
      const rest = bytes.length - found.length;
      return refused(`length: ${found.length} bytes and ${rest} more`, headFields(found.frame));
    }
    return explained(found.frame, dir);
  },
};

function headFields(frame: Frame): Fields {
  if (frame.kind === 'ack') return { frame: 'ack' };
  const head = { c: hex2(frame.c), address: frame.address };
  if (frame.kind === 'short') return { frame: 'short', ...head };
  return { frame: frame.data.length === 0 ? 'control' : 'long', ...head, ci: hex2(frame.ci) };
}

function explained(frame: Frame, dir: Direction | undefined): Decoded {
  const head = headFields(frame);
  if (frame.kind === 'ack') return { ...head, meaning: 'single-character acknowledge', ok: true };
  const down = !fromSlave(frame.c);
  if (dir !== undefined && (dir === 'down') !== down) {
    return refused(`wrong direction: C ${hex2(frame.c)} is of a ${down ? 'master' : 'slave'}`, head);
  }
  if (frame.kind === 'short') return { ...head, meaning: shortMeaning(frame.c, frame.address), ok: true };
  return down ? { ...head, ...downFields(frame), ok: true } : answered(frame, head);
}

function shortMeaning(c: number, address: number): string {
  const to = `to address ${address}`;
  const fcb = `FCB=${(c & FCB) === 0 ? 0 : 1}`;
  if (c === SND_NKE) {
    if (address === BROADCAST) return 'SND_NKE broadcast 255, no reply';
    return address === SELECTED ? 'SND_NKE to 253 (deselect secondary)' : `SND_NKE ${to}`;
  }
  const name = { [REQ_UD1]: 'REQ_UD1', [REQ_UD2]: 'REQ_UD2' }[c & ~FCB];
  if (name === undefined) return `control ${hex2(c)} ${to}`;
  if (address === ANYBODY) return `${name} to 254 (test broadcast: only on a bus with one slave)`;
  if (address === SELECTED) return `${name} ${fcb} to 253 (whoever is selected)`;
  // The words of the shared vectors: what goes on needs no address, which is a field of its own.
  return (c & FCB) === 0 ? `${name} ${fcb} ${to}` : `${name} ${fcb}`;
}

/** What a master sends with data. */
function downFields({ ci, address, data }: LongFrame): Fields {
  if (ci === SELECT && data.length >= 8) {
    const digits = [...data.subarray(0, 4)].reverse().map(hex2).join('');
    return {
      meaning: `select the slave with secondary address ${digits}`,
      select: {
        id: digits,
        manufacturer: hex(data.subarray(4, 6)),
        version: hex2(data[6] ?? 0),
        medium: hex2(data[7] ?? 0),
      },
    };
  }
  const names: Readonly<Record<number, string>> = { 80: 'application reset', 81: 'data send', 82: 'select' };
  const name = names[ci] ?? 'data';
  const meaning = ci === 80 ? `${name} CI 50` : `${name} to address ${address}`;
  return { meaning, ...(data.length === 0 ? {} : { payload: hex(data) }) };
}

function answered(frame: LongFrame, head: Fields): Decoded {
  const { ci, data } = frame;
  if (ci === CI_ERROR) {
    const code = data[0] ?? 0;
    return refused(`the meter reports: ${refusalName(code)}`, { ...head, error_code: code });
  }
  if (ci === CI_FIXED) {
    const fixed = fixedOf(data);
    if (fixed === undefined) return refused(`fixed structure: expected 16 bytes, got ${data.length}`, head);
    return { ...head, ...fixedFields(fixed), readings: readingsOf(frame), ok: true };
  }
  const header = headerOf(ci, data);
  if (header === undefined) return refused(headerError(ci), head);
  const slave = { ...head, slave: slaveFields(header) };
  const hidden = hiddenBy(header);
  if (hidden !== undefined) {
    return { ...slave, encrypted: hidden, payload: hex(data.subarray(header.length)), ok: true };
  }
  const { records, more, error } = recordsOf(data, header.length);
  const fields = { ...slave, records: records.map(recordFields), ...(more ? { more_follow: true } : {}) };
  return error === undefined ? { ...fields, readings: readingsOf(frame), ok: true } : refused(error, fields);
}

function slaveFields(header: Header): Fields {
  const { id, manufacturer, version, medium, access, status, signature } = header;
  const told = {
    AccessNumber: String(access),
    Status: hex2(status),
    Signature: `${hex2(signature >> 8)}${hex2(signature & 255)}`,
  };
  if (id === undefined) return told;
  return {
    // As libmbus prints it: without zeros in front.
    Id: id.replace(/^0+(?=.)/, ''),
    Manufacturer: manufacturer,
    Version: String(version),
    ProductName: productOf(header) ?? null,
    Medium: mediumName(medium ?? 0),
    ...told,
  };
}

function fixedFields({ id, access, status, medium, stored, counters }: Fixed): Fields {
  return {
    slave: {
      Id: id.replace(/^0+(?=.)/, ''),
      Medium: medium,
      AccessNumber: String(access),
      Status: hex2(status),
    },
    records: counters.map(({ label, count }, i) => ({
      i,
      function: stored ? 'Stored value' : 'Actual value',
      unit: label,
      quantity: null,
      value: count ?? null,
      text: count === undefined ? null : String(count),
    })),
  };
}

const FUNCTIONS = {
  instantaneous: 'Instantaneous value',
  maximum: 'Maximum value',
  minimum: 'Minimum value',
  error: 'Value during error state',
} as const;

function recordFields(record: MbusRecord, i: number): Fields {
  if (record.kind !== 'data') {
    return {
      i,
      function: record.kind === 'more' ? 'More records follow' : 'Manufacturer specific',
      storage: 0,
      unit: null,
      quantity: null,
      text: record.data.length === 0 ? null : hex(record.data),
      opaque: true,
    };
  }
  const codes = { dif: hex2(record.dif), vif: hex(Uint8Array.of(record.vif, ...record.vifes)) };
  const meaning = meaningOf(record);
  // A VIF that means nothing: neither does the rest.
  if (meaning === undefined) {
    return { i, function: null, unit: null, quantity: null, text: null, ...codes, raw: hex(record.data) };
  }
  const { plain: info, modifiers, error } = meaning;
  // As libmbus: what VIF alone says. Where VIFE make a date or a duration of it, that is told besides.
  const content = contentOf(record, info);
  const value = valueIn(content, { ...meaning, info });
  const other = meaning.info === info ? undefined : meaning.info;
  const { storage, tariff, subunit: device, extended } = record;
  return {
    i,
    function: FUNCTIONS[record.function],
    storage,
    ...(extended ? { tariff, device } : {}),
    unit: info.unit,
    quantity: info.quantity,
    // Six decimals, as libmbus prints; readings have all.
    ...(typeof value === 'number' ? { value: Number(value.toFixed(6)) + 0 } : {}),
    text: textOf(content, value),
    ...(other === undefined
      ? {}
      : { means: other.quantity, means_value: valueIn(contentOf(record, other), meaning) }),
    ...codes,
    ...(content.kind === 'invalid' ? { raw: content.raw } : {}),
    ...(modifiers.length === 0 ? {} : { modifiers }),
    ...(error === undefined ? {} : { record_error: error }),
  };
}

function textOf(content: Content, value: number | string | null): string | null {
  if (content.kind === 'moment') return content.digits;
  if (typeof value === 'number') return value.toFixed(6);
  return value;
}

function readingsOf(frame: LongFrame): readonly DecodedReading[] {
  return telegramOf(frame).values.map(
    ({ quantity, name, function: kind, storage, tariff, subunit, marks, value, ucum }) => ({
      name: [
        name ?? quantity,
        ...(kind === 'instantaneous' ? [] : [kind]),
        ...(storage === 0 ? [] : [`storage ${storage}`]),
        ...(tariff === 0 ? [] : [`tariff ${tariff}`]),
        ...(subunit === 0 ? [] : [`subunit ${subunit}`]),
        ...marks,
      ].join(' '),
      value,
      unit: ucum ?? '',
    }),
  );
}
