/**
 * What the agent finds in the camera's picture. The picture is the simulator's own, the very one that the agent was given;
 * the boxes are the agent's, and each is laid over the picture of its own moment.
 */
import type { Scene } from '../scene.ts';
import { drawn, part, put, say } from './elements.ts';
import { word } from './words.ts';

type Seen = NonNullable<Scene['camera']['seen']>;

export class CameraView {
  #picture = part<HTMLImageElement>('picture');
  #asked: number | undefined;
  #loading = false;

  show({ camera: { seen, state, vehicles, passed } }: Scene): void {
    // One that is only slower than asked still sees; what cannot be counted has no value.
    const blind = state === 'down' || vehicles === null || seen === null;
    part('inset').classList.toggle('blind', blind);
    part('blind').hidden = !blind;
    if (blind) say(part('blind'), word('blind'));
    say(part('in-sight'), `${word('insight', vehicles ?? '–')} · ${word('counted', passed)}`);
    if (blind) part('boxes').replaceChildren();
    if (seen === null || this.#loading || seen.time === this.#asked || document.hidden) return;
    this.#asked = seen.time;
    this.#loading = true;
    void this.#load(seen).finally(() => {
      this.#loading = false;
    });
  }

  /** Boxes and their picture change together; what the simulator no longer has leaves the former ones. */
  async #load(seen: Seen): Promise<void> {
    const next = new Image();
    next.src = `/street/camera.jpg?time=${seen.time}`;
    const there = await next.decode().then(
      () => true,
      () => false,
    );
    if (!there) return;
    next.id = this.#picture.id;
    next.alt = '';
    this.#picture.replaceWith(next);
    this.#picture = next;
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
