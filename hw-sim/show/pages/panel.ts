/**
 * What can be broken, as buttons with a light for their state, and beside them what is broken now: when the agent noticed
 * it, in its own words, and how long it took until all was well.
 */
import type { Scene, ShownBroken } from '../scene.ts';
import { made, say } from './elements.ts';
import { current, word } from './words.ts';

export interface BreakableThing {
  readonly id: string;
  readonly title: { readonly en: string; readonly zh: string };
  readonly does: { readonly en: string; readonly zh: string };
  /** Part of the drawing. */
  readonly at: string;
  readonly passes: boolean;
}

type State = 'whole' | 'struck' | 'noticed' | 'recovering' | 'healed';

/** Of what is broken or was, as many as there is room for. */
const TOLD = 3;
const seconds = (ms: number): string => (ms / 1000).toFixed(1);

export class Panel {
  readonly #things: readonly BreakableThing[];
  readonly #list: HTMLElement;
  readonly #feed: HTMLElement;
  #broken: readonly ShownBroken[] = [];
  readonly #failed = new Map<string, string>();
  /** Pressed, and not answered yet. */
  readonly #asked = new Set<string>();

  constructor(things: readonly BreakableThing[], list: HTMLElement, feed: HTMLElement) {
    this.#things = things;
    this.#list = list;
    this.#feed = feed;
    this.translate();
  }

  /** Makes the list in the language in force. */
  translate(): void {
    this.#list.replaceChildren(
      ...this.#things.map((thing) => {
        const item = made('li');
        item.append(this.#button(thing));
        return item;
      }),
    );
    this.#feed.replaceChildren();
    this.#tell();
  }

  /** The same buttons for what can be broken at some parts of the drawing. */
  actsAt(parts: readonly string[]): readonly HTMLElement[] {
    return this.#things
      .filter(({ at }) => parts.includes(at))
      .flatMap((thing) => [this.#button(thing), made('p', 'does', thing.does[current()])]);
  }

  show({ broken }: Scene): void {
    this.#broken = broken;
    this.showActs(this.#list);
    this.#tell();
  }

  /** Puts the state of each thing on its button. */
  showActs(place: HTMLElement): void {
    for (const button of place.querySelectorAll<HTMLElement>('button[data-break]')) {
      const id = button.dataset.break ?? '';
      const state = this.#stateOf(id);
      button.dataset.state = state;
      button.setAttribute('aria-pressed', String(state === 'struck' || state === 'noticed'));
      button.setAttribute('aria-busy', String(this.#asked.has(id)));
    }
  }

  #button({ id, title, does }: BreakableThing): HTMLButtonElement {
    const button = made('button', 'breaks', title[current()]);
    button.type = 'button';
    button.dataset.break = id;
    button.title = does[current()];
    button.addEventListener('click', () => void this.#toggle(id));
    return button;
  }

  async #toggle(id: string): Promise<void> {
    if (this.#asked.has(id)) return;
    this.#asked.add(id);
    const state = this.#stateOf(id);
    const act = state === 'struck' || state === 'noticed' ? 'undo' : 'strike';
    try {
      const answer = await fetch(`/street/things/${id}/${act}`, { method: 'POST' });
      if (answer.ok) this.#failed.delete(id);
      else this.#failed.set(id, ((await answer.json()) as { error: string }).error);
    } catch {
      this.#failed.set(id, word('lost'));
    } finally {
      this.#asked.delete(id);
    }
  }

  #stateOf(id: string): State {
    const one = this.#broken.find((each) => each.id === id);
    if (one === undefined) return 'whole';
    if (one.healedAfter !== null) return 'healed';
    if (one.undone) return 'recovering';
    return one.noticedAfter === null ? 'struck' : 'noticed';
  }

  /** What is broken, newest first; each stays the same element, so that a reader is not told it twice. */
  #tell(): void {
    const failed = [...this.#failed].map(([id, why]) => ({ id, why }));
    const told = this.#broken.slice(0, TOLD);
    const ids = [...failed.map(({ id }) => id), ...told.map(({ id }) => id)];
    for (const item of [...this.#feed.children])
      if (!(item instanceof HTMLElement) || !ids.includes(item.dataset.thing ?? '')) item.remove();
    for (const { id, why } of failed) this.#line(id, 'failed', why, '');
    for (const one of told.toReversed()) {
      const state = this.#stateOf(one.id);
      if (!this.#failed.has(one.id)) this.#line(one.id, state, one.says ?? '', timesOf(one));
    }
  }

  #line(id: string, state: State | 'failed', says: string, times: string): void {
    const thing = this.#things.find((one) => one.id === id);
    if (thing === undefined) return;
    let item = [...this.#feed.children].find(
      (one): one is HTMLElement => one instanceof HTMLElement && one.dataset.thing === id,
    );
    if (item === undefined) {
      item = made('li', 'told');
      item.dataset.thing = id;
      item.append(made('b', '', thing.title[current()]), made('p', 'times'), made('p', 'says'));
      this.#feed.prepend(item);
    }
    item.dataset.state = state;
    for (const [name, text] of [
      ['says', says],
      ['times', times],
    ] as const) {
      const line = item.querySelector<HTMLElement>(`.${name}`);
      if (line === null) continue;
      line.hidden = text === '';
      say(line, text);
    }
  }
}

function timesOf({ noticedAfter, undone, healedAfter }: ShownBroken): string {
  const noticed = noticedAfter === null ? word('struck') : word('noticed', seconds(noticedAfter));
  if (!undone) return noticed;
  const end = healedAfter === null ? word('recovering') : word('healed', seconds(healedAfter));
  return noticedAfter === null ? end : `${noticed} · ${end}`;
}
