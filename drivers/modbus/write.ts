/** Writes with the function code the device wants. Modbus Application Protocol V1.1b3 §6.5, 6.6, 6.11, 6.12, 6.16, 6.17 */
import type { Exchange } from '../../agent/core/link.ts';
import type { Value } from '../../agent/core/reading.ts';
import type { Mapped } from './map.ts';
import type { Reader } from './reader.ts';
import { type Encoded, readingOf } from './value.ts';

type Ready = Extract<Encoded, { ok: true }>;

/** The function code that writes a point: what its profile says, else 5 for a bit, 6 for one register, 16 for more. */
export function writeFunction(mapped: Mapped): number {
  if (mapped.wire.write !== undefined) return mapped.wire.write.function;
  if (mapped.type === 'bit') return 5;
  return mapped.words === 1 ? 6 : 16;
}

/** Sends one write and waits for its acknowledgement. Rejects as `transact` does. */
export async function send(
  mapped: Mapped,
  encoded: Ready,
  reader: Reader,
  exchange: Exchange,
  signal: AbortSignal,
): Promise<void> {
  const address = mapped.wire.write?.address ?? mapped.address;
  const words = [...encoded.words];
  const first = words[0] ?? 0;
  const code = writeFunction(mapped);
  const what = `write of ${mapped.point.id} at ${address} with function ${code}`;
  await reader.run(what, exchange, signal, async (client): Promise<unknown> => {
    switch (code) {
      case 5:
        return client.writeCoil(address, first !== 0);
      case 6:
        return client.writeRegister(address, first);
      case 15:
        return client.writeCoils(address, [first !== 0]);
      case 22: {
        const { mask, shift } = maskOf(mapped);
        return client.maskWriteRegister(address, ~mask & 0xffff, (encoded.contents << shift) & mask);
      }
      case 23:
        return client.readWriteRegisters(address, words.length, address, words.length, words);
      default:
        return client.writeRegisters(address, words);
    }
  });
}

function maskOf(mapped: Mapped): { readonly mask: number; readonly shift: number } {
  const { bit, bits } = mapped.wire;
  const [low, high] = bits ?? [bit ?? 0, bit ?? 15];
  return { mask: (((1 << (high - low + 1)) - 1) << low) & 0xffff, shift: low };
}

/** What must be read back after `value` was written: it as the registers hold it. */
export function asHeld(device: string, mapped: Mapped, encoded: Ready): Value | null {
  const { bit, bits } = mapped.wire;
  if (bit !== undefined || bits !== undefined) {
    return mapped.point.type === 'boolean' ? encoded.contents !== 0 : encoded.contents;
  }
  const bytes = new Uint8Array(mapped.type === 'bit' ? 1 : 2 * encoded.words.length);
  if (mapped.type === 'bit') bytes[0] = encoded.words[0] ?? 0;
  else for (const [i, word] of encoded.words.entries()) bytes.set([word >> 8, word & 0xff], 2 * i);
  const plain = { ...mapped, scaleRegister: undefined };
  return readingOf(device, plain, { start: mapped.address, bytes }, 0).value;
}
