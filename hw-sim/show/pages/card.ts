/**
 * Things of the drawing as buttons over it, each with its name and what it says now; pressed, a card with its values, the
 * pages that tell more, and what can be done to it.
 */
import type { Scene } from '../scene.ts';
import { calls } from './drawing.ts';
import { made, part, say } from './elements.ts';
import type { Panel } from './panel.ts';
import { current, stateWord, word } from './words.ts';

interface Words {
  readonly en: string;
  readonly zh: string;
}

/** A thing as the server describes it. */
export interface Thing {
  readonly id: string;
  readonly title: Words;
  readonly facts: readonly Words[];
  readonly pages: readonly { readonly id: string; readonly title: Words }[];
}

/** Breakables that belong to a thing under another name. */
const ALSO: Readonly<Record<string, readonly string[]>> = { agent: ['agent', 'disk'] };
/** Room between the card and what it belongs to, pixels. */
const GAP = 10;

export class Cards {
  readonly #things: readonly Thing[];
  readonly #panel: Panel;
  readonly #card = part('card');
  readonly #labels = new Map<string, { readonly button: HTMLElement; readonly value: HTMLElement }>();
  #open:
    | { readonly thing: Thing; readonly from: HTMLElement; readonly values: readonly HTMLElement[] }
    | undefined;
  #scene: Scene | undefined;

  constructor(things: readonly Thing[], panel: Panel) {
    this.#things = things;
    this.#panel = panel;
    this.#card.addEventListener('toggle', (event) => {
      if ((event as ToggleEvent).newState === 'closed') this.#closed();
    });
    addEventListener('resize', () => this.#place());
    part('scroller').addEventListener('scroll', () => this.#place(), { passive: true });
    this.translate();
  }

  translate(): void {
    this.#card.hidePopover();
    const labels = this.#things.filter(
      ({ id }) => document.querySelector(`.pill[data-thing=${id}]`) === null,
    );
    part('labels').replaceChildren(...labels.map((thing) => this.#label(made('button', 'label'), thing)));
    for (const pill of document.querySelectorAll<HTMLElement>('.pill')) {
      const thing = this.#things.find(({ id }) => id === pill.dataset.thing);
      if (thing !== undefined) this.#label(pill, thing);
    }
    if (this.#scene !== undefined) this.show(this.#scene);
  }

  show(scene: Scene): void {
    this.#scene = scene;
    for (const thing of this.#things) {
      const label = this.#labels.get(thing.id);
      const moment = scene.things[thing.id];
      if (label === undefined || moment === undefined) continue;
      label.button.dataset.state = thing.id === 'ledger' ? (balances(scene) ? 'ok' : 'down') : moment.state;
      say(label.value, saidOf(thing.id, scene) ?? moment.values[0] ?? '');
    }
    const open = this.#open;
    if (open === undefined) return;
    const { state = 'off', values = [] } = scene.things[open.thing.id] ?? {};
    for (const [i, element] of open.values.entries()) say(element, values[i] ?? '–');
    say(part('card-state'), stateWord(state));
    part('card-state').dataset.state = state;
    this.#panel.showActs(part('card-acts'));
  }

  #label(button: HTMLElement, thing: Thing): HTMLElement {
    const name = made('span', 'name', thing.title[current()]);
    const value = made('span', 'value');
    button.dataset.thing = thing.id;
    button.setAttribute('aria-haspopup', 'dialog');
    button.replaceChildren(name, value);
    button.onclick = () => this.#show(thing, button);
    this.#labels.set(thing.id, { button, value });
    return button;
  }

  #show(thing: Thing, from: HTMLElement): void {
    const title = made('h2', '', thing.title[current()]);
    title.id = 'card-title';
    const state = made('span', 'state');
    state.id = 'card-state';
    const close = made('button', 'close', '×');
    close.setAttribute('aria-label', word('close'));
    close.addEventListener('click', () => this.#card.hidePopover());
    const head = made('div', 'card-head');
    head.append(title, state, close);
    const values = thing.facts.map(() => made('dd'));
    const facts = made('dl', 'facts');
    facts.append(
      ...thing.facts.map((fact, i) => {
        const row = made('div');
        row.append(made('dt', '', fact[current()]), values[i] ?? '');
        return row;
      }),
    );
    const pages = made('ul', 'pages');
    pages.append(
      ...thing.pages.map(({ id, title: text }) => {
        const link = made('a', '', text[current()]);
        link.href = `/street/to/${thing.id}/${id}`;
        link.target = '_blank';
        link.rel = 'noopener';
        const item = made('li');
        item.append(link);
        return item;
      }),
    );
    const acts = made('div', 'acts');
    acts.id = 'card-acts';
    acts.append(...this.#panel.actsAt(ALSO[thing.id] ?? [thing.id]));
    this.#card.replaceChildren(head, facts, pages, acts);
    this.#open = { thing, from, values };
    this.#card.showPopover();
    this.#place();
    if (this.#scene !== undefined) this.show(this.#scene);
    this.#card.querySelector('a')?.focus();
  }

  /** Beside what it belongs to, where there is room for it; a narrow screen has it at its foot. */
  #place(): void {
    const open = this.#open;
    if (open === undefined) return;
    const { style } = this.#card;
    if (innerWidth < 700) {
      style.left = style.top = '';
      return;
    }
    const at = open.from.getBoundingClientRect();
    const { offsetWidth: wide, offsetHeight: high } = this.#card;
    const right = at.right + GAP + wide < innerWidth;
    const left = right ? at.right + GAP : Math.max(GAP, at.left - GAP - wide);
    style.left = `${left}px`;
    style.top = `${Math.max(GAP, Math.min(at.top, innerHeight - high - GAP))}px`;
  }

  #closed(): void {
    const from = this.#open?.from;
    this.#open = undefined;
    if (
      from?.isConnected &&
      (document.activeElement === document.body || this.#card.contains(document.activeElement))
    )
      from.focus();
  }
}

function balances({ ledger }: Scene): boolean {
  return ledger.missing + ledger.doubled === 0;
}

/** What stands on a label, where it is not the first of its facts. */
function saidOf(id: string, scene: Scene): string | undefined {
  const { agent, city, lamp, camera, things, alarms } = scene;
  switch (id) {
    case 'lamp':
      return [things.lamp?.values[0], lamp.watts === null ? '' : things.lamp?.values[1]]
        .filter(Boolean)
        .join(' · ');
    case 'camera':
      return camera.vehicles === null ? word('sightless') : word('insight', camera.vehicles);
    case 'agent':
      return agent.up ? word('ok') : word('down');
    case 'city':
      return city.up ? word('messages', city.messages.toLocaleString('en')) : word('offline');
    case 'flows':
    case 'line':
    case 'sign':
      return stateWord(things[id]?.state ?? 'off');
    case 'sos':
      return calls(scene) ? word('calling') : stateWord(things.sos?.state ?? 'off');
    case 'ledger':
      return word(balances(scene) ? 'balances' : 'open');
    case 'alarms':
      return alarms.length === 0 ? word('none') : word('standing', alarms.length);
    default:
      return undefined;
  }
}
