/** The page of the show: follows the street's moments, draws them, and hands on what a visitor does. */
import type { Scene } from '../scene.ts';
import { CameraView } from './camera.ts';
import { Cards, type Thing } from './card.ts';
import { clock, Drawing, spotOf } from './drawing.ts';
import { made, part, say } from './elements.ts';
import { Motion } from './motion.ts';
import { type BreakableThing, Panel } from './panel.ts';
import { current, fill, speak, word } from './words.ts';

interface Described {
  readonly breakables: readonly BreakableThing[];
  readonly things: readonly Thing[];
  /** How fast the street's time can be made to run; empty: it cannot be changed. */
  readonly rates: readonly number[];
}

const described = (await (await fetch('/street/things')).json()) as Described;
const drawing = new Drawing();
const motion = new Motion(drawing.sky);
const camera = new CameraView();
const panel = new Panel(described.breakables, part('things'), part('feed'));
const cards = new Cards(described.things, panel);
let touring = false;
let looked = '';

function translate(): void {
  speak(current());
  fill();
  panel.translate();
  cards.translate();
  say(part('language'), current() === 'zh' ? 'English' : '中文');
  say(part('tour'), word(touring ? 'stop' : 'tour'));
}

function show(scene: Scene): void {
  say(part('time'), `${weekday(scene.now)} ${clock(scene.now, true)}`);
  speeds(scene.rate);
  drawing.draw(scene);
  motion.take(scene);
  camera.show(scene);
  cards.show(scene);
  panel.show(scene);
  books(scene);
  const { tour } = scene;
  const told =
    tour === undefined ? (scene.agent.up ? undefined : word('away')) : (tour.failed ?? tour.says[current()]);
  caption(told ?? word('quiet'), told !== undefined);
  if (touring !== (tour !== undefined)) {
    touring = tour !== undefined;
    say(part('tour'), word(touring ? 'stop' : 'tour'));
  }
  look(tour?.look ?? '');
  document.body.dataset.live = 'yes';
}

/** What is to be read below the drawing; `told`: it is news. */
function caption(text: string, told: boolean): void {
  say(part('caption'), text);
  part('caption').classList.toggle('told', told);
}

/** A narrow screen goes where the tour is. */
function look(at: string): void {
  if (at === looked) return;
  looked = at;
  const scroller = part('scroller');
  if (at !== '') scroller.scrollTo({ left: spotOf(at) * scroller.scrollWidth - scroller.clientWidth / 2 });
}

function books({ ledger, alarms }: Scene): void {
  for (const figure of document.querySelectorAll<HTMLElement>('[data-figure]')) {
    const value = ledger[figure.dataset.figure as keyof typeof ledger];
    say(figure, value.toLocaleString('en'));
    figure.parentElement?.classList.toggle(
      'wrong',
      value > 0 && figure.parentElement.classList.contains('proof'),
    );
  }
  const list = part('alarms');
  const texts = alarms.map((alarm) => alarm[current()]);
  if (list.dataset.told === texts.join('|')) return;
  list.dataset.told = texts.join('|');
  list.replaceChildren(...texts.map((text) => made('li', '', text)));
}

function weekday(now: number): string {
  return new Date(now).toLocaleDateString(current() === 'zh' ? 'zh-CN' : 'en-GB', {
    timeZone: 'Asia/Shanghai',
    weekday: 'short',
  });
}

/** Buttons for the street's time, where it can be changed; else how fast it runs, where that is not as in life. */
function speeds(rate: number): void {
  const place = part('speed');
  const told = `${rate} ${described.rates.join()}`;
  if (place.dataset.told === told) return;
  place.dataset.told = told;
  const focused = document.activeElement?.textContent;
  place.replaceChildren(
    ...(described.rates.length === 0
      ? [made('span', '', rate === 1 ? '' : `×${rate}`)]
      : described.rates.map((one) => {
          const button = made('button', '', `×${one}`);
          button.type = 'button';
          button.setAttribute('aria-pressed', String(one === rate));
          button.addEventListener('click', () => void fetch(`/street/speed/${one}`, { method: 'POST' }));
          return button;
        })),
  );
  for (const one of place.querySelectorAll('button')) if (one.textContent === focused) one.focus();
}

part('language').addEventListener('click', () => {
  speak(current() === 'zh' ? 'en' : 'zh');
  translate();
});
part('tour').addEventListener(
  'click',
  () => void fetch(`/street/tour/${touring ? 'stop' : 'start'}`, { method: 'POST' }),
);

translate();
// A narrow screen begins at the pole.
part('scroller').scrollLeft =
  spotOf('agent') * part('scroller').scrollWidth - part('scroller').clientWidth / 2;
const live = new EventSource('/street/live');
live.addEventListener('message', ({ data }) => show(JSON.parse(data) as Scene));
live.addEventListener('error', () => caption(word('lost'), true));
