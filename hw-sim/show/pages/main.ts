/** The page of the show: follows the street's moments, draws them, and hands on what a visitor does. */
import type { Scene } from '../scene.ts';
import { Drawing } from './drawing.ts';
import { Panel, type Thing } from './panel.ts';
import { current, fill, speak, word } from './words.ts';

function part(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

const drawing = new Drawing();
const things = (await (await fetch('/street/things')).json()) as readonly Thing[];
const panel = new Panel(things, part('things'));
let touring = false;

function translate(): void {
  speak(current());
  fill();
  panel.translate();
  part('language').textContent = current() === 'zh' ? 'English' : '中文';
  part('tour').textContent = word(touring ? 'stop' : 'tour');
}

function show(scene: Scene): void {
  const time = new Date(scene.now).toLocaleString(current() === 'zh' ? 'zh-CN' : 'en-GB', {
    timeZone: 'Asia/Shanghai',
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  part('time').textContent = time;
  part('rate').textContent = scene.rate === 1 ? '' : `×${scene.rate}`;
  drawing.draw(scene);
  panel.show(scene);
  const caption =
    scene.tour === undefined
      ? scene.agent.up
        ? ''
        : word('away')
      : (scene.tour.failed ?? scene.tour.says[current()]);
  if (part('caption').textContent !== caption) part('caption').textContent = caption;
  if (touring !== (scene.tour !== undefined)) {
    touring = scene.tour !== undefined;
    part('tour').textContent = word(touring ? 'stop' : 'tour');
  }
  const alarms = scene.alarms.map((alarm) => {
    const item = document.createElement('li');
    item.textContent = alarm[current()];
    return item;
  });
  if (part('alarms').textContent !== alarms.map(({ textContent }) => textContent).join(''))
    part('alarms').replaceChildren(...alarms);
  document.body.dataset.live = 'yes';
}

part('language').addEventListener('click', () => {
  speak(current() === 'zh' ? 'en' : 'zh');
  translate();
});
part('tour').addEventListener(
  'click',
  () => void fetch(`/street/tour/${touring ? 'stop' : 'start'}`, { method: 'POST' }),
);
for (const thing of document.querySelectorAll<SVGElement>('.thing')) {
  const act = (): void => {
    const at = thing.dataset.at ?? '';
    if (at === 'sign') {
      open('/street/sign', '_blank', 'noopener');
      return;
    }
    const found = panel.at(at);
    if (found !== undefined) void panel.toggle(found.id);
  };
  thing.addEventListener('click', act);
  thing.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    act();
  });
}

translate();
const live = new EventSource('/street/live');
live.addEventListener('message', ({ data }) => show(JSON.parse(data) as Scene));
live.addEventListener('error', () => {
  part('caption').textContent = word('lost');
});
