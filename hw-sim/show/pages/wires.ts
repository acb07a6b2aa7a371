/** Bytes that run along the wires: a pulse for so many of them, from who said them to who heard them. */
import type { Scene } from '../scene.ts';
import { part } from './elements.ts';

interface Wire {
  readonly id: string;
  /** What grows with each byte, reading or message; one pulse for so many of them. */
  readonly count: (scene: Scene, faces: number) => number;
  readonly each: number;
  /** True: it runs from the pole outwards, the other way round than it is drawn. */
  readonly back?: true;
  readonly colour: string;
}

const WARM = '#ffdf8a';
const COOL = '#9fe0ff';
const readings = (device: string) => (scene: Scene) => scene.devices[device]?.readings ?? 0;
const bytes = (line: string) => (scene: Scene) => scene.lines[line] ?? 0;

const WIRES: readonly Wire[] = [
  { id: 'rs485', count: bytes('rs485-1'), each: 40, colour: WARM },
  { id: 'station', count: readings('station'), each: 6, colour: WARM },
  { id: 'air', count: bytes('uart-1'), each: 32, colour: WARM },
  { id: 'board', count: bytes('uart-2'), each: 20, back: true, colour: WARM },
  { id: 'power', count: readings('meter-sign'), each: 12, back: true, colour: WARM },
  { id: 'underpass', count: readings('underpass'), each: 2, back: true, colour: WARM },
  { id: 'camera', count: ({ camera }) => camera.seen?.time ?? 0, each: 1, colour: COOL },
  { id: 'sign', count: (_, faces) => faces, each: 1, colour: COOL },
  { id: 'flows', count: readings('camera-1'), each: 1, colour: COOL },
  { id: 'city', count: ({ city }) => city.messages, each: 1, colour: COOL },
];
/** How long a pulse is under way, ms; pulses that one moment lets go at most; pulses in all. */
const RUN_MS = 900;
const MOST_AT_ONCE = 3;
const MOST = 60;
/** Points of a wire that are reckoned once. */
const STEPS = 48;

interface Pulse {
  readonly wire: Wire;
  readonly begun: number;
}

export class Wires {
  readonly #counts = new Map<string, number>();
  readonly #ways = new Map<string, readonly { readonly x: number; readonly y: number }[]>();
  #pulses: readonly Pulse[] = [];
  /** How often the stop's rows have changed. */
  #faces = 0;
  #face = '';

  constructor() {
    for (const { id } of WIRES) {
      const path = part<SVGPathElement>(`wire-${id}`);
      const length = path.getTotalLength();
      this.#ways.set(
        id,
        Array.from({ length: STEPS + 1 }, (_, i) => path.getPointAtLength((length * i) / STEPS)),
      );
    }
  }

  take(scene: Scene): void {
    const now = performance.now();
    const face = JSON.stringify(scene.sign.rows);
    if (face !== this.#face) this.#faces += 1;
    this.#face = face;
    for (const wire of WIRES) {
      const count = wire.count(scene, this.#faces);
      const before = this.#counts.get(wire.id) ?? count;
      const due = Math.floor((count - before) / wire.each);
      // What the agent counts begins anew when it does.
      if (due > 0 || count < before || !this.#counts.has(wire.id)) this.#counts.set(wire.id, count);
      const room = MOST - this.#pulses.length;
      const begun = Array.from({ length: Math.min(due, MOST_AT_ONCE, room) }, (_, i) => ({
        wire,
        begun: now + i * 110,
      }));
      this.#pulses = [...this.#pulses, ...begun];
    }
  }

  draw(pen: CanvasRenderingContext2D, now: number): void {
    this.#pulses = this.#pulses.filter(({ begun }) => now - begun < RUN_MS);
    for (const { wire, begun } of this.#pulses) {
      const share = (now - begun) / RUN_MS;
      if (share < 0) continue;
      pen.fillStyle = wire.colour;
      // A drop with a short tail.
      for (const [i, radius] of [4.6, 3.4, 2.2].entries()) {
        const at = share - i * 0.02;
        if (at < 0) continue;
        const point = this.#ways.get(wire.id)?.[Math.round((wire.back ? 1 - at : at) * STEPS)];
        if (point === undefined) continue;
        pen.globalAlpha = 1 - i * 0.3;
        pen.beginPath();
        pen.arc(point.x, point.y, radius, 0, 7);
        pen.fill();
      }
    }
    pen.globalAlpha = 1;
  }
}
