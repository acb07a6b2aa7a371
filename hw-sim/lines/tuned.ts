/** A device whose UART has settings of its own on a line where the master changes them from device to device. */
import { bytesOf, received, transmitted, type UartSettings } from './uart.ts';
import type { LineAccess, LineDevice } from './wire.ts';

/**
 * `device` as it is at `own` settings: while the master's port (`host`) is set otherwise, it hears what a UART makes of
 * that, and so does the master of what it says.
 */
export function tuned(device: LineDevice, own: UartSettings, host: () => UartSettings): LineDevice {
  const heard = (bytes: Uint8Array, from: UartSettings, to: UartSettings): Uint8Array =>
    same(from, to) ? bytes : bytesOf(received(transmitted(bytes, from), to));
  return {
    attach: (line) => device.attach(asHeard(line)),
    onFrame(frame, end, closed) {
      const bytes = heard(frame, host(), own);
      if (bytes.length > 0) device.onFrame?.(bytes, end, closed);
    },
    ...(device.onBytes === undefined
      ? {}
      : { onBytes: (bytes: Uint8Array, end: number) => device.onBytes?.(heard(bytes, host(), own), end) }),
  };

  function asHeard(line: LineAccess): LineAccess {
    return {
      time: line.time,
      get charMs() {
        return line.charMs;
      },
      believe: (unit, point, value) => line.believe(unit, point, value),
      say(utterance) {
        const bytes = heard(utterance.bytes, own, host());
        const intact = bytes === utterance.bytes ? (utterance.intact ?? true) : false;
        if (bytes.length > 0) line.say({ ...utterance, bytes, intact });
      },
    };
  }
}

function same(a: UartSettings, b: UartSettings): boolean {
  // Stop bits more or fewer are not seen by a receiver.
  return a.baud === b.baud && a.format.slice(0, 2) === b.format.slice(0, 2);
}
