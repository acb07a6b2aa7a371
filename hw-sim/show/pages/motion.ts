/**
 * What moves: vehicles, and bytes that run along the wires. One loop of animation frames over one canvas; nothing of the
 * page is laid out for it. Where less motion is wanted, vehicles stand where the last moment had them, and no bytes run.
 */
import type { Scene } from '../scene.ts';
import { part } from './elements.ts';
import type { Sky } from './sky.ts';
import { Vehicles } from './vehicles.ts';
import { Wires } from './wires.ts';

/** Size of the drawing. */
const WIDTH = 1600;
const HEIGHT = 840;
/** Shortest time between two pictures, ms. */
const PICTURE_MS = 1000 / 40;
/** More pixels than these for one of the page cost and are not seen. */
const SHARPEST = 2;

export class Motion {
  readonly #canvas = part<HTMLCanvasElement>('moving');
  readonly #pen = this.#canvas.getContext('2d');
  readonly #still = matchMedia('(prefers-reduced-motion: reduce)');
  readonly #vehicles = new Vehicles();
  readonly #wires = new Wires();
  readonly #sky: Sky;
  #before = 0;

  constructor(sky: Sky) {
    this.#sky = sky;
    new ResizeObserver(() => this.#fit()).observe(this.#canvas);
    this.#fit();
    requestAnimationFrame((now) => this.#step(now));
  }

  take(scene: Scene): void {
    this.#vehicles.take(scene.vehicles);
    if (!this.#still.matches && !document.hidden) this.#wires.take(scene);
    if (this.#still.matches) this.#draw(0);
  }

  #fit(): void {
    const { clientWidth } = this.#canvas;
    const wide = Math.round(clientWidth * Math.min(SHARPEST, devicePixelRatio));
    if (wide === 0 || wide === this.#canvas.width) return;
    this.#canvas.width = wide;
    this.#canvas.height = Math.round((wide * HEIGHT) / WIDTH);
  }

  #step(now: number): void {
    requestAnimationFrame((next) => this.#step(next));
    const since = now - this.#before;
    if (this.#still.matches || since < PICTURE_MS - 2) return;
    this.#before = now;
    this.#draw(Math.min(since, 200));
  }

  #draw(since: number): void {
    const pen = this.#pen;
    if (pen === null) return;
    const scale = this.#canvas.width / WIDTH;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    this.#vehicles.draw(pen, since, this.#sky.light);
    this.#wires.draw(pen, performance.now());
  }
}
