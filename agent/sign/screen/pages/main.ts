/** Entry of the sign's page: takes boards, paints what has changed, and proves what is painted. */
import { html, render } from 'htm/preact';
import { Sign } from './app.ts';
import { guard } from './guard.ts';
import { link } from './link.ts';
import { type Standing, tell } from './proof.ts';
import { faceNow, type Held } from './state.ts';

/** How often the face is looked at, ms: boards age and end by themselves. */
const LOOK = 200;
/** How often the page tells what it shows, ms, changed or not. */
const TELL = 2000;
/** Turns of pages and notices. */
const TURN = 1000;

const root = document.getElementById('sign');
let before = '';
let standing: Standing = { run: '', seq: 0, elapsed: 0 };
let told = Number.NEGATIVE_INFINITY;
let telling = false;

function paint(): void {
  const now = faceNow();
  if (now === undefined || root === null) return;
  const { face, held, elapsed } = now;
  const turn = turnOf(held);
  // Other pages and notices come on whole seconds: only what is shown of them is looked at.
  const text = JSON.stringify([face, Math.floor(turn / TURN), held.board.run]);
  const changed = text !== before;
  const since = performance.now();
  if (changed) {
    before = text;
    document.documentElement.lang = face.languages[0] ?? 'en';
    render(html`<${Sign} shown=${{ face, board: held.board, turn }} />`, root);
  }
  standing = { run: held.board.run, seq: held.board.seq, elapsed };
  document.documentElement.dataset.seq = String(held.board.seq);
  if ((changed || since - told >= TELL) && !telling) {
    told = since;
    telling = true;
    void tell(() => standing, since).finally(() => {
      telling = false;
    });
  }
}

/** Signs of a street turn together where they know the time. */
function turnOf({ board, at }: Held): number {
  const passed = performance.now() - at;
  const { clock } = board;
  return clock === undefined ? performance.now() : clock.wall / board.rate + passed;
}

guard();
link(paint);
setInterval(paint, LOOK);
