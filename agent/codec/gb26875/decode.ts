/** Explains frames of GB/T 26875.3 field by field. */
import { fromHex, hex } from '../../core/bytes.ts';
import { type Decoded, type Decoder, type Fields, refused } from '../../core/decode.ts';
import { type AduObject, readAdu } from './adu.ts';
import { COMMANDS, type Frame, frameAt, OVERHEAD } from './frame.ts';
import { ANALOGUES } from './names.ts';
import { timeText } from './time.ts';

export const decoder: Decoder = {
  protocols: ['gb26875.3'],
  decode(_protocol, input) {
    const bytes = typeof input === 'string' ? fromHex(input) : input;
    if (bytes === undefined) return refused('not hex');
    const found = frameAt(bytes, 0);
    if (found === undefined)
      return refused(`short: ${bytes.length} bytes, a frame has ${OVERHEAD} and its ADU`);
    const fields = found.frame === undefined ? {} : fieldsOf(found.frame);
    if (!found.ok) return refused(found.error, fields);
    if (bytes.length > found.size)
      return refused(`length: ${found.size} bytes and ${bytes.length - found.size} more`);
    const head = { ...fields, checksum: hex(Uint8Array.of(found.sum)) };
    if (nameOf(found.frame.command) === undefined) {
      return refused(`command: ${found.frame.command} is reserved`, head);
    }
    return withAdu(found.frame, head);
  },
};

function fieldsOf({ serial, version, time, source, destination, command, adu }: Frame): Fields {
  return {
    seq: serial,
    version: version.join('.'),
    time: timeText(time) ?? null,
    src: source,
    dst: destination,
    aduLen: adu.length,
    command,
    commandName: nameOf(command) ?? 'reserved',
  };
}

function nameOf(command: number): string | undefined {
  if (command >= 128) return 'user';
  return Object.entries(COMMANDS).find(([, code]) => code === command)?.[0];
}

function withAdu({ adu: bytes }: Frame, head: Fields): Decoded {
  // Ack and nak carry none; a sent one without is a heart-beat by convention.
  if (bytes.length === 0) return { ...head, ok: true };
  const read = readAdu(bytes);
  if (!read.ok) return refused(read.error, head);
  const { type, count, objects, layout } = read.adu;
  const inside =
    layout === undefined ? { data: hex(bytes.subarray(2)) } : { objects: objects.map(explained) };
  return { ...head, type, count, ...inside, ok: true };
}

/** Names as the vectors of the field have them. */
function explained(object: AduObject): Fields {
  const { layout, systemType, systemAddress, partType, partAddress, text, version, operator, count } = object;
  const time = object.time === undefined ? {} : { time: timeText(object.time) ?? null };
  const raw = object.time === undefined ? {} : { timeRaw: hex(object.time) };
  const system = systemType === undefined ? {} : { sysType: systemType, sysAddr: systemAddress };
  const part =
    partAddress === undefined
      ? {}
      : {
          ...(partType === undefined ? {} : { partType }),
          partAddr: partAddress,
          zoneLo: partAddress & 0xffff,
          placeHi: partAddress >>> 16,
        };
  switch (layout) {
    case 'part-state':
      return {
        ...system,
        ...part,
        stateRaw: object.state,
        state: object.states,
        text,
        timeRaw: hex(object.time ?? new Uint8Array(0)),
      };
    case 'system-state':
    case 'part-state-short':
      return { ...system, ...part, stateRaw: object.state, state: object.states, ...time, ...raw };
    case 'device-state':
      return { state: object.states, ...time };
    case 'operation':
    case 'device-operation':
      return { ...system, op: object.operations, operator, ...time };
    case 'analogue':
      return { ...system, ...part, ...analogueOf(object), ...time, ...raw };
    case 'reserved':
      return { reserved: object.reserved };
    case 'duty-check':
      return { timeoutMin: object.minutes };
    default:
      return {
        ...system,
        ...part,
        ...(count === undefined ? {} : { count }),
        ...(version === undefined ? {} : { version }),
        ...(text === undefined ? {} : { text }),
        ...time,
      };
  }
}

function analogueOf({ analogueType = 0, raw = 0 }: AduObject): Fields {
  const kind = ANALOGUES[analogueType];
  if (kind === undefined) return { analogType: analogueType, raw };
  const value = Number((raw * kind.step).toPrecision(6));
  return { analogType: analogueType, raw, value, unit: kind.unit };
}
