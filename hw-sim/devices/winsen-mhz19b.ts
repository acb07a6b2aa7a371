/** A simulated MH-Z19B: answers questions for its gas value. Winsen MH-Z19B user manual V1.0. */
import type { LineAccess } from '../lines/wire.ts';
import { carbonDioxide, SerialTalker, steps, type TalkerParts } from './serial-talker.ts';

/** Nine bytes: FF, seven of content, 256 less the sum of the content. */
export function winsenFrame(content: readonly number[]): Uint8Array {
  const sum = content.reduce((all, byte) => all + byte, 0);
  return Uint8Array.from([0xff, ...content, (256 - (sum % 256)) % 256]);
}

export class WinsenMhz19b extends SerialTalker {
  protected readonly period = 0;
  /** Automatic baseline, as it was set last. */
  baseline = true;

  constructor(parts: TalkerParts) {
    super('winsen-mhz19b', parts);
  }

  protected tell(): undefined {
    return undefined;
  }

  protected override hear(received: Uint8Array, line: LineAccess): number {
    if (received[0] !== 0xff) return 1;
    if (received.length < 9) return 0;
    const frame = received.slice(0, 9);
    if (String(winsenFrame([...frame.slice(1, 8)])) !== String(frame)) return 1;
    if (frame[2] === 0x79) this.baseline = frame[3] === 0xa0;
    if (frame[2] === 0x86) {
      const weather = this.weather();
      const co2 = steps(line, 'co2', carbonDioxide(weather), 1, 10_000);
      const warmth = Math.min(255, Math.max(0, Math.round(weather.temperature) + 44));
      const bytes = winsenFrame([0x86, Math.floor(co2 / 256), co2 % 256, warmth, 0, 0, 0]);
      line.say({ bytes, request: frame, served: this.served([{ point: 'co2', value: co2, uom: '10*-6' }]) });
    }
    return 9;
  }
}
