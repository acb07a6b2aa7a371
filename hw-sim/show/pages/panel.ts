/** The list of things to break: one button each, and beside it what the agent says and how long it took. */
import type { Scene, ShownBroken } from '../scene.ts';
import { current, word } from './words.ts';

export interface Thing {
  readonly id: string;
  readonly title: { readonly en: string; readonly zh: string };
  readonly does: { readonly en: string; readonly zh: string };
  readonly at: string;
  readonly passes: boolean;
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);

export class Panel {
  readonly #things: readonly Thing[];
  readonly #list: HTMLElement;
  #pressed = new Set<string>();
  #failed = new Map<string, string>();

  constructor(things: readonly Thing[], list: HTMLElement) {
    this.#things = things;
    this.#list = list;
    this.translate();
  }

  /** Makes the list in the language in force. */
  translate(): void {
    this.#list.replaceChildren(
      ...this.#things.map(({ id, title, does }) => {
        const item = document.createElement('li');
        item.dataset.thing = id;
        const button = document.createElement('button');
        button.type = 'button';
        button.append(title[current()]);
        const text = document.createElement('span');
        text.className = 'does';
        text.textContent = does[current()];
        button.append(text);
        button.addEventListener('click', () => void this.toggle(id));
        const says = document.createElement('p');
        says.className = 'says';
        says.hidden = true;
        item.append(button, says);
        return item;
      }),
    );
  }

  /** The first thing that is broken at this part of the drawing, else the first that can be. */
  at(part: string): Thing | undefined {
    const here = this.#things.filter((thing) => thing.at === part);
    return here.find(({ id }) => this.#pressed.has(id)) ?? here[0];
  }

  async toggle(id: string): Promise<void> {
    const act = this.#pressed.has(id) ? 'undo' : 'strike';
    const answer = await fetch(`/street/things/${id}/${act}`, { method: 'POST' });
    if (answer.ok) this.#failed.delete(id);
    else this.#failed.set(id, ((await answer.json()) as { error: string }).error);
  }

  show({ broken }: Scene): void {
    this.#pressed = new Set(broken.filter(({ undone }) => !undone).map(({ id }) => id));
    for (const item of this.#list.children) {
      if (!(item instanceof HTMLElement)) continue;
      const id = item.dataset.thing ?? '';
      const one = broken.find((each) => each.id === id);
      item.querySelector('button')?.setAttribute('aria-pressed', String(this.#pressed.has(id)));
      const says = item.querySelector<HTMLElement>('.says');
      if (says === null) continue;
      const failed = this.#failed.get(id);
      const text = failed ?? (one === undefined ? '' : sentence(one));
      says.hidden = text === '';
      says.classList.toggle('wrong', failed !== undefined);
      says.classList.toggle('over', one?.healedAfter !== null && one !== undefined);
      if (says.textContent !== text) says.textContent = text;
    }
  }
}

function sentence({ says, noticedAfter, undone, healedAfter }: ShownBroken): string {
  const noticed =
    noticedAfter === null ? word('struck') : `${word('noticed', seconds(noticedAfter))}${says ?? ''}`;
  if (!undone) return noticed;
  const end = healedAfter === null ? word('recovering') : word('healed', seconds(healedAfter));
  return noticedAfter === null ? end : `${noticed} · ${end}`;
}
