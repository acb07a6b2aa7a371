/** The sign as a whole: head, notices, lines, what stands beside them, foot; or a cover over everything. */
import { html } from 'htm/preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Board } from '../../../core/board.ts';
import type { Face } from '../face.ts';
import { label } from '../labels.ts';
import { Cover } from './cover.ts';
import { fitTexts } from './fit.ts';
import { Lines } from './lines.ts';
import { Notices } from './notices.ts';
import { Say, speak } from './say.ts';
import { noticeRound, PAGE_TIME, room, round, type Shape, shapeOf } from './shape.ts';
import { hasSide, Side } from './side.ts';
import { Weather } from './weather.ts';
import { Why } from './why.ts';

export interface Shown {
  readonly face: Face;
  readonly board: Board;
  /** ms of real time by a clock that signs share where they know the time. */
  readonly turn: number;
}

export function Sign({ shown }: { readonly shown: Shown }) {
  const { face, board, turn } = shown;
  const root = useRef<HTMLDivElement>(null);
  const [asked, ask] = useState<string>();
  const shape = useShape();
  speak(face.languages);
  useLayoutEffect(() => {
    if (root.current !== null) fitTexts(root.current);
  });
  const { brightness, palette, cover, quiet, languages } = face;
  const style = brightness < 1 ? { filter: `brightness(${brightness})` } : {};
  const attributes = { 'data-shape': shape, 'data-palette': palette, 'data-quiet': quiet };
  if (cover !== undefined) {
    return html`<div class="sign" ref=${root} style=${style} ...${attributes}><${Cover} cover=${cover} face=${face} /></div>`;
  }
  const aside = hasSide(face, shape);
  const space = room(shape, aside);
  const lines = round(face.lines, space.lines, turn, PAGE_TIME);
  const notices = noticeRound(face.notices, space.notices, turn);
  const line = asked === undefined ? undefined : board.lines.find(({ id }) => id === asked);
  return html`<div class="sign" ref=${root} style=${style} ...${attributes} data-aside=${aside}>
    <${Head} face=${face} />
    <${Notices} notices=${notices} />
    <main class="board">
      ${
        face.headline !== undefined &&
        html`<div class="headline" data-kind=${face.headline.kind}><${Say} k="headline" words=${face.headline.words} fit=${true} /></div>`
      }
      <${Lines} lines=${lines.shown} languages=${languages} onAsk=${ask} />
      ${lines.pages > 1 && html`<${Pages} page=${lines.page} pages=${lines.pages} face=${face} />`}
    </main>
    ${aside && html`<${Side} face=${face} />`}
    <${Foot} face=${face} />
    ${line !== undefined && html`<${Why} line=${line} languages=${languages} onClose=${() => ask(undefined)} />`}
  </div>`;
}

function Head({ face }: { readonly face: Face }) {
  const { stop, code, side, time, date, clockLost, languages } = face;
  return html`<header class="head">
    <div class="place">
      <${Say} as="h1" class="stop" k="stop" words=${stop} fit=${true} />
      <div class="facts">
        ${code !== undefined && html`<span class="code">${code}</span>`}
        ${side !== undefined && html`<${Say} class="direction" words=${side} />`}
        ${stop.romanised === true && html`<span class="romanised">${label(languages, 'pinyin').main}</span>`}
      </div>
    </div>
    <${Weather} face=${face} />
    <div class="clock">
      ${time !== undefined && html`<time data-k="time">${time}</time>`}
      ${clockLost !== undefined && html`<${Say} class="lost" k="time" words=${clockLost} />`}
      ${date !== undefined && html`<${Say} class="date" words=${date} />`}
    </div>
  </header>`;
}

function Pages({
  page,
  pages,
  face,
}: {
  readonly page: number;
  readonly pages: number;
  readonly face: Face;
}) {
  const words = label(face.languages, 'page', { n: page + 1, of: pages });
  return html`<div class="pages" role="img" aria-label=${words.main}>
    ${Array.from({ length: pages }, (_, i) => html`<i key=${i} class=${i === page ? 'on' : ''}></i>`)}
  </div>`;
}

function Foot({ face }: { readonly face: Face }) {
  const { updated, measured, phone, device, languages } = face;
  return html`<footer class="foot">
    <span class="updated" data-tone=${updated.tone}><i aria-hidden="true"></i><${Say} k="updated" words=${updated.words} /></span>
    ${
      measured.length > 0 &&
      html`<span class="measured"><${Say} class="what" words=${label(languages, 'measured')} />
        ${measured.map(({ id, label: name, text }) => html`<span class="value" key=${id}><${Say} words=${name} /><b>${text}</b></span>`)}
      </span>`
    }
    <span class="contact"><${Say} words=${label(languages, 'phone')} /><b data-k="phone">${phone}</b><small data-k="device">${device}</small></span>
  </footer>`;
}

function useShape(): Shape {
  const [shape, set] = useState(() => shapeOf(innerWidth, innerHeight));
  useEffect(() => {
    const change = () => set(shapeOf(innerWidth, innerHeight));
    addEventListener('resize', change);
    return () => removeEventListener('resize', change);
  }, []);
  return shape;
}
