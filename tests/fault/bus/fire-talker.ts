/** A fire panel on a line: heart-beats, and fire, fault and rest in turns, with what it says in the ledger. */
import {
  analogue,
  type FireFrame,
  fireData,
  fireFrames,
  partState,
} from '../../../hw-sim/devices/fire-frames.ts';
import { FirePanel } from '../../../hw-sim/devices/fire-panel.ts';
import type { Served } from '../../../hw-sim/ledger.ts';
import type { LineAccess, LineDevice } from '../../../hw-sim/lines/wire.ts';

const STEM = 'generic-gb26875-panel';
/** Points whose truth it knows. */
export const TOLD: readonly string[] = ['event', 'value', 'fire', 'fault', 'alive'];
/** States of a part: running and well, fire, fault (bits 0, 1 and 2 of figure 6). */
const STATES = [1, 3, 5, 1, 7] as const;

function served({ command, data }: FireFrame): readonly Served[] {
  const told = (point: string, value: string | boolean): Served => ({
    device: STEM,
    point,
    value,
    raw: data.toString('hex'),
    uom: '1',
  });
  const always = [told('alive', true)];
  if (data.length === 0 || (command !== 2 && command !== 5)) return always;
  const type = data[0] ?? 0;
  const text = `${type} ${[...data.subarray(2)].map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(' ')}`;
  // The answer to a question is the state of the device itself (figure 16), in the same bits of fire and fault.
  if (type !== 2 && type !== 21) return [...always, told('value', text)];
  const bits = data[type === 2 ? 9 : 2] ?? 0;
  return [...always, told('event', text), told('fire', (bits & 2) !== 0), told('fault', (bits & 4) !== 0)];
}

export class FireTalker implements LineDevice {
  #panel: FirePanel | undefined;

  attach(line: LineAccess): Disposable {
    const wall = () => Date.UTC(2027, 0, 1) + line.time.mono();
    const panel = new FirePanel({
      time: line.time,
      wall,
      heartBeat: 20_000,
      say: (bytes) => line.say({ bytes, served: fireFrames(Buffer.from(bytes)).frames.flatMap(served) }),
    });
    this.#panel = panel;
    const beating = panel.start();
    let count = 0;
    let timer: Disposable | undefined;
    const talk = (): void => {
      count += 1;
      const bits = STATES[count % STATES.length] ?? 1;
      const word =
        count % 3 === 0
          ? fireData(3, analogue({ type: 92, address: 7, kind: 4, raw: count }, panel.local()))
          : fireData(2, partState({ type: 40, address: 7, bits }, panel.local()));
      panel.send(word);
      timer = line.time.after(5000, talk);
    };
    timer = line.time.after(5000, talk);
    return {
      [Symbol.dispose]() {
        timer?.[Symbol.dispose]();
        beating[Symbol.dispose]();
      },
    };
  }

  onBytes(bytes: Uint8Array): void {
    this.#panel?.hear(bytes);
  }
}
