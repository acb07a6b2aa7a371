/**
 * What the agent finds in the camera's picture. The picture is the simulator's own, the very one that the agent was given;
 * the boxes are the agent's, and each is laid over the picture of its own moment.
 */
import type { Scene } from '../scene.ts';
import { drawn, part, put, say } from './elements.ts';
import { word } from './words.ts';

type Seen = NonNullable<Scene['camera']['seen']>;

export class CameraView {
  readonly #picture = part<HTMLImageElement>('picture');
  #shown: number | undefined;
  #loading: Seen | undefined;

  constructor() {
    this.#picture.addEventListener('load', () => this.#laid());
    this.#picture.addEventListener('error', () => {
      this.#loading = undefined;
    });
  }

  show({ camera: { seen, state, vehicles, passed } }: Scene): void {
    // One that is only slower than asked still sees; what cannot be counted has no value.
    const blind = state === 'down' || vehicles === null || seen === null;
    part('inset').classList.toggle('blind', blind);
    part('blind').hidden = !blind;
    if (blind) say(part('blind'), word('blind'));
    say(part('in-sight'), `${word('insight', vehicles ?? '–')} · ${word('counted', passed)}`);
    if (blind) part('boxes').replaceChildren();
    if (seen === null || this.#loading !== undefined || seen.time === this.#shown || document.hidden) return;
    this.#loading = seen;
    this.#shown = seen.time;
    this.#picture.hidden = false;
    this.#picture.src = `/street/camera.jpg?time=${seen.time}`;
  }

  /** The picture is there: now its boxes. */
  #laid(): void {
    const seen = this.#loading;
    this.#loading = undefined;
    if (seen === undefined) return;
    part('inset').dataset.time = String(seen.time);
    part('boxes').replaceChildren(
      ...seen.boxes.map(({ kind, score, place: [x, y, width, height] }) => {
        const box = drawn('rect', { x, y, width, height, class: kind === 'face' ? 'box face' : 'box' });
        put(box, { 'data-kind': kind, 'data-score': score });
        return box;
      }),
    );
  }
}
