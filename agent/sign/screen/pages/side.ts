/** Beside the lines: playlist, the stop's camera, tiles and feedback; each only where there is something to show. */
import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Feedback, QrRows } from '../../../core/board.ts';
import type { Face, FaceTile } from '../face.ts';
import { label } from '../labels.ts';
import { Media } from './media.ts';
import { Say } from './say.ts';
import type { Shape } from './shape.ts';

/** Whether anything stands beside the lines. On a bar, lines come before tiles. */
export function hasSide({ media, tiles, feedback, camera, lines }: Face, shape: Shape): boolean {
  if (media.length > 0 || camera !== undefined) return true;
  if (shape === 'bar' && lines.length > 3) return false;
  return tiles.length > 0 || feedback.length > 0;
}

export function Side({ face }: { readonly face: Face }) {
  const { media, tiles, feedback, camera } = face;
  return html`<aside class="side">
    ${camera !== undefined && html`<${Camera} camera=${camera} />`}
    ${media.length > 0 && html`<${Media} items=${media} />`}
    ${
      tiles.length > 0 &&
      html`<div class="tiles">${tiles.slice(0, 4).map((tile) => html`<${Card} key=${tile.id} tile=${tile} />`)}</div>`
    }
    ${feedback.length > 0 && html`<${Answers} face=${face} />`}
  </aside>`;
}

function Card({ tile }: { readonly tile: FaceTile }) {
  const { title, text, qr } = tile;
  return html`<article class="tile">
    ${qr !== undefined && html`<${Qr} rows=${qr} name=${title.main} />`}
    <div><${Say} class="title" words=${title} fit=${true} />${text !== undefined && html`<${Say} class="text" words=${text} />`}</div>
  </article>`;
}

/** Drawn as one path with the quiet zone of four modules that scanners want (ISO/IEC 18004 §6.3.8). */
function Qr({ rows, name }: { readonly rows: QrRows; readonly name: string }) {
  const size = rows.length + 8;
  const path = rows
    .flatMap((row, y) => Array.from(row, (one, x) => (one === '1' ? `M${x + 4} ${y + 4}h1v1h-1z` : '')))
    .join('');
  return html`<svg class="qr" viewBox=${`0 0 ${size} ${size}`} role="img" aria-label=${`QR: ${name}`}><rect width=${size} height=${size} /><path d=${path} /></svg>`;
}

/** The newest blurred picture, twice a second; the one before stays until the next is there. */
function Camera({ camera }: { readonly camera: NonNullable<Face['camera']> }) {
  const picture = useRef<HTMLImageElement>(null);
  useEffect(() => {
    let stopped = false;
    let timer: ReturnType<typeof setTimeout>;
    const next = async () => {
      const image = new Image();
      image.src = `${camera.url}?${Math.round(performance.now())}`;
      await image.decode().then(
        () => {
          if (picture.current !== null) picture.current.src = image.src;
        },
        () => {},
      );
      if (!stopped) timer = setTimeout(next, 500);
    };
    void next();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [camera.url]);
  return html`<figure class="camera"><img ref=${picture} alt=${camera.words.main} /><figcaption><${Say} words=${camera.words} /></figcaption></figure>`;
}

/** One tap is an answer. */
function Answers({ face }: { readonly face: Face }) {
  const { languages, feedback } = face;
  const [told, tell] = useState<'thanks' | 'failed'>();
  useEffect(() => {
    if (told === undefined) return;
    const timer = setTimeout(() => tell(undefined), 5000);
    return () => clearTimeout(timer);
  }, [told]);
  const answer = async (id: Feedback) => {
    const taken = await fetch('/feedback', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ answer: id }),
    }).then(
      ({ ok }) => ok,
      () => false,
    );
    tell(taken ? 'thanks' : 'failed');
  };
  return html`<section class="feedback" role="status">
    <${Say} class="title" words=${label(languages, told === undefined ? 'feedback' : `feedback.${told}`)} />
    ${
      told === undefined &&
      html`<div class="answers">${feedback.map(({ id, words }) => html`<button key=${id} onClick=${() => answer(id)}><${Say} words=${words} /></button>`)}</div>`
    }
  </section>`;
}
