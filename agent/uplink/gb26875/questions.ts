/** Answers to what a centre reads (types 61 to 68 of the fire system, 81 to 88 of the device). */
import { type Adu, writeAdu } from '../../codec/gb26875/adu.ts';
import { timeDigits } from '../../codec/gb26875/time.ts';
import type { Gb26875UplinkConfig } from '../../core/site.ts';
import { type FireMemory, keyOf } from './memory.ts';

const FIRE = 1 << 1;
const FAULT = 1 << 2;
/** Bits of the state of the transmission device (figure 13). */
const DEVICE = { normal: 1, fire: 2, fault: 4, line: 64 };

/** The reply, or undefined where nothing of it is known: the centre gets nak. */
export function replyTo(
  { type, objects }: Adu,
  memory: FireMemory,
  config: Gb26875UplinkConfig,
  label: Uint8Array,
): Uint8Array | undefined {
  const [first] = objects;
  if (first === undefined) return undefined;
  switch (type) {
    case 61:
    case 62:
    case 63:
    case 65:
    case 66:
    case 67:
    case 68: {
      const wanted = type - 60;
      const found = objects.flatMap(
        ({ systemType, systemAddress, partAddress }) =>
          memory.latest.get(keyOf(wanted, systemType, systemAddress, partAddress)) ?? [],
      );
      return found.length === 0 ? undefined : writeAdu(wanted, found);
    }
    case 64: {
      const { systemType, systemAddress } = first;
      const own = memory.operations[4].filter(
        (bytes) => bytes[0] === systemType && bytes[1] === systemAddress,
      );
      return operations(4, own, first, 4);
    }
    case 84:
      return operations(24, memory.operations[24], first, 2);
    case 81:
      return writeAdu(21, [Uint8Array.of(deviceState(memory), ...label)]);
    case 85: {
      const [main = 0, minor = 0] = config.version.split('.').map(Number);
      return writeAdu(25, [Uint8Array.of(main & 0xff, minor & 0xff)]);
    }
    case 86: {
      const text = Buffer.from(config.configuration, 'latin1').subarray(0, 255);
      return writeAdu(26, [Buffer.concat([Uint8Array.of(text.length), text])]);
    }
    case 88:
      return writeAdu(28, [label]);
    default:
      return undefined;
  }
}

/** The newest `count` since the time asked for. `timeAt`: where an object has its label. */
function operations(
  type: number,
  known: readonly Uint8Array[],
  { count = 1, time }: { readonly count?: number; readonly time?: Uint8Array },
  timeAt: number,
): Uint8Array | undefined {
  const since = time === undefined ? undefined : timeDigits(time);
  const found = known
    .filter((bytes) => {
      const at = timeDigits(bytes.subarray(timeAt, timeAt + 6));
      return since === undefined || at === undefined || at >= since;
    })
    .slice(-Math.max(1, Math.min(102, count)));
  return found.length === 0 ? undefined : writeAdu(type, found);
}

/** Bits of our own state as it stands. */
export function deviceState(memory: FireMemory): number {
  let state = DEVICE.normal;
  for (const [key, bytes] of memory.latest) {
    const bits = key.startsWith('1 ') ? bytes[2] : key.startsWith('2 ') ? bytes[7] : undefined;
    if (((bits ?? 0) & FIRE) !== 0) state |= DEVICE.fire;
    if (((bits ?? 0) & FAULT) !== 0) state |= DEVICE.fault;
  }
  return memory.lineFault ? state | DEVICE.line : state;
}
