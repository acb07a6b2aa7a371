/** A street as a visitor has it: `npm start` as a process, its page in a browser, and what the page is told, frame by frame. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { expect } from 'vitest';
import { events } from '../../../hw-sim/show/event-stream.ts';
import type { Scene, ShownBroken } from '../../../hw-sim/show/scene.ts';
import { launch, type Watched, watchedPage } from './chromium.ts';
import { type StreetProcess, startStreetProcess } from './street-process.ts';

const PICTURES = join(import.meta.dirname, '..', '..', '..', 'docs', 'tour');
/** Longest that something may take to be noticed, or to be well again, ms. */
const LONGEST = 240_000;
const LOOK_MS = 100;
export const VIEWPORT = { width: 1366, height: 768 };

export class ShowVisit implements AsyncDisposable {
  readonly browser: Awaited<ReturnType<typeof launch>>;
  readonly watched: Watched;
  /** State folder of the street. */
  readonly state: string;
  street: StreetProcess;
  /** The newest moment. */
  scene!: Scene;
  /** Seconds from the beginning until it printed its address. */
  readonly link: number;
  /** The latest of each thing: what is over for a while is no longer told of. */
  readonly #seen = new Map<string, ShownBroken>();
  readonly #stack: AsyncDisposableStack;
  readonly #begun: number;

  private constructor(
    parts: Pick<ShowVisit, 'browser' | 'watched' | 'state' | 'street' | 'link'>,
    begun: number,
    stack: AsyncDisposableStack,
  ) {
    this.browser = parts.browser;
    this.watched = parts.watched;
    this.state = parts.state;
    this.street = parts.street;
    this.link = parts.link;
    this.#begun = begun;
    this.#stack = stack;
    stack.defer(() => this.street[Symbol.asyncDispose]());
    const follow = new AbortController();
    stack.defer(() => follow.abort());
    void (async () => {
      for await (const frame of frames(parts.street, follow.signal)) {
        this.scene = frame;
        for (const one of frame.broken) this.#seen.set(one.id, one);
      }
    })().catch(() => undefined);
  }

  static async begin(executablePath: string): Promise<ShowVisit> {
    const begun = performance.now();
    await using stack = new AsyncDisposableStack();
    const state = await mkdtemp(join(tmpdir(), 'show-'));
    stack.defer(() => rm(state, { recursive: true, force: true }));
    const street = await start(state);
    const link = secondsSince(begun);
    const browser = await launch(executablePath);
    stack.defer(() => browser.close());
    const watched = await watchedPage(browser, { viewport: VIEWPORT });
    const visit = new ShowVisit({ browser, watched, state, street, link }, begun, stack.move());
    await watched.page.goto(street.street);
    return visit;
  }

  /** Seconds since it was begun. */
  get age(): number {
    return secondsSince(this.#begun);
  }

  /** Ends the street and starts it anew on what it has left; gives the first moment with a ledger. */
  async startAgain(): Promise<Scene> {
    this.street = await start(this.state);
    for await (const frame of frames(this.street)) if (frame.ledger.stored > 0) return frame;
    throw new Error('the street ended before it told of a ledger');
  }

  async until(holds: () => boolean, what: string): Promise<void> {
    for (const end = performance.now() + LONGEST; !holds(); await sleep(LOOK_MS))
      if (performance.now() > end) throw new Error(`not within ${LONGEST / 1000} s: ${what}`);
  }

  /** A figure of the ledger as it stands on the page. */
  async figure(name: string): Promise<number> {
    const text = await this.watched.page.locator(`[data-figure=${name}]`).textContent();
    return Number(text?.replace(/\D/g, ''));
  }

  /** A still of the page for docs/tour, with KERBSIDE_PICTURES=1. */
  async still(name: string): Promise<void> {
    if (process.env.KERBSIDE_PICTURES !== '1') return;
    await mkdir(PICTURES, { recursive: true });
    const picture = await this.watched.page.screenshot();
    await sharp(picture)
      .png({ palette: true, colours: 96, effort: 10 })
      .toFile(join(PICTURES, `${name}.png`));
  }

  post(path: string): Promise<Response> {
    return fetch(`${this.street.street}/${path}`, { method: 'POST' });
  }

  broken(id: string): ShownBroken | undefined {
    return this.#seen.get(id);
  }

  noticed(id: string): Promise<void> {
    return this.until(() => typeof this.broken(id)?.noticedAfter === 'number', `${id} noticed`);
  }

  healed(id: string): Promise<void> {
    return this.until(() => typeof this.broken(id)?.healedAfter === 'number', `${id} healed`);
  }

  balanced(after: string): Promise<void> {
    return this.until(
      () => this.scene.ledger.missing === 0 && this.scene.ledger.doubled === 0,
      `the ledger balanced after ${after}`,
    );
  }

  /** Breaks it, waits until the agent has noticed and explained it, undoes it, waits until all is well. Gives seconds. */
  async breakAndMend(id: string): Promise<{ noticed: number; healed: number }> {
    this.#seen.delete(id);
    await this.#act(id, 'strike');
    await this.noticed(id);
    expect(this.broken(id)?.says).toMatch(/\w/);
    await this.#act(id, 'undo');
    await this.healed(id);
    await this.balanced(id);
    const { noticedAfter, healedAfter } = this.broken(id) ?? {};
    return { noticed: (noticedAfter ?? 0) / 1000, healed: (healedAfter ?? 0) / 1000 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #act(id: string, act: string): Promise<void> {
    const answer = await this.post(`things/${id}/${act}`);
    expect(answer.ok, `${act} ${id}: ${answer.ok ? '' : await answer.text()}`).toBe(true);
  }
}

function start(state: string): Promise<StreetProcess> {
  return startStreetProcess({ state, port: 18_300, scenario: 'evening' });
}

export function secondsSince(from: number): number {
  return Math.round((performance.now() - from) / 100) / 10;
}

/** What the page is told, frame by frame, until the street ends. */
async function* frames({ street }: StreetProcess, signal?: AbortSignal): AsyncGenerator<Scene> {
  const { body } = await fetch(`${street}/live`, signal === undefined ? {} : { signal });
  if (body !== null) for await (const { data } of events(body)) yield JSON.parse(data);
}
