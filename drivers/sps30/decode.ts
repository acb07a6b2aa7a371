/** Explains SHDLC frames, and those of the SPS30 down to its values. */
import { hex } from '../../agent/core/bytes.ts';
import { type Decoded, type Decoder, type Fields, refused } from '../decode.ts';
import { bytesOf, byteText } from '../scanner.ts';
import { FIELDS, type Frame, frameAt, valuesOf } from './frame.ts';

/** By command and, where there is more than one of it, first byte or length of the data. SPS30 datasheet V1.0 §5.3. */
const COMMANDS: Readonly<Record<number, string>> = {
  0: 'start',
  1: 'stop',
  3: 'read',
  16: 'sleep',
  17: 'wake',
  86: 'fan-clean',
  128: 'auto-clean',
  208: 'device-info',
  209: 'version',
  210: 'status',
  211: 'reset',
};
/** Errors of a command; SPS30 datasheet V1.0 §5.2. */
const ERRORS: Readonly<Record<number, string>> = {
  1: 'wrong data length',
  2: 'unknown command',
  3: 'no access right',
  4: 'illegal parameter',
  40: 'internal argument out of range',
  67: 'not allowed in this state',
};

export const decoder: Decoder = {
  protocols: ['sensirion-sps30-shdlc', 'shdlc'],
  decode(protocol, input, dir) {
    const bytes = bytesOf(input);
    if (bytes === undefined) return refused('not hex');
    if (dir !== undefined) return explained(protocol, bytes, dir === 'up');
    const up = explained(protocol, bytes, true);
    const down = up.ok ? up : explained(protocol, bytes, false);
    return down.ok ? down : up;
  },
};

function explained(protocol: string, bytes: Uint8Array, up: boolean): Decoded {
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length; ) {
    const found = frameAt(bytes, at, up);
    if (found === undefined) return refused(`short: no end of the frame in ${bytes.length} bytes`);
    if (!found.ok) return refused(found.error);
    frames.push(found.frame);
    at += found.size;
  }
  const last = frames.at(-1);
  if (last === undefined) return refused('short: 0 of at least 6 bytes');
  const fields = { ...frameFields(last), ...(frames.length > 1 ? { frames: frames.map(frameFields) } : {}) };
  if (protocol === 'shdlc') return { ok: true, ...fields };
  if (!up) return { ok: true, ...fields, command: commandOf(last) };
  return sps30(last, fields);
}

function frameFields({ address, command, state, data }: Frame): Fields {
  const head = { adr: address, cmd: command, ...(state === undefined ? {} : { state: state & 0x7f }) };
  const flagged = state !== undefined && state > 0x7f ? { device_error: true } : {};
  return { ...head, ...flagged, len: data.length, data: dataText(data) };
}

/** Hex; a long run of one byte as that byte and how often. */
function dataText(data: Uint8Array): string {
  const [first = 0] = data;
  if (data.length > 16 && data.every((byte) => byte === first)) return `${byteText(first)} x${data.length}`;
  return hex(data).replaceAll(' ', '');
}

function commandOf({ command, data }: Frame): string {
  const name = COMMANDS[command] ?? 'unknown';
  if (command === 0) return data[1] === 5 ? 'start-uint16' : 'start-float';
  return command === 128 && data.length > 1 ? 'set-auto-clean' : name;
}

function sps30(frame: Frame, fields: Fields): Decoded {
  const error = (frame.state ?? 0) & 0x7f;
  if (error !== 0) {
    return refused(`state ${byteText(error)}: ${ERRORS[error] ?? 'unknown error'}`, fields);
  }
  if (frame.command !== 3) return { ok: true, ...fields, answers: COMMANDS[frame.command] ?? 'unknown' };
  if (frame.data.length === 0) return refused('no new data: the reply to read is empty', fields);
  const values = valuesOf(frame.data);
  if (values === undefined) return { ok: true, ...fields };
  // Six decimals: more than float32 resolves of a street’s dust.
  const rounded = Object.entries(values).map(([name, value]) => [name, Number(value.toFixed(6))] as const);
  const readings = rounded.map(([name, value]) => {
    return { name, value, unit: FIELDS[name as keyof typeof FIELDS] };
  });
  return { ok: true, ...fields, ...Object.fromEntries(rounded), readings };
}
