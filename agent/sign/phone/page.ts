/**
 * The sign on a phone: the same face, as a page that needs no script. It is written for ears first: a heading for every
 * line, sentences instead of columns, the language of every text marked. One language at a time, as the reader chooses.
 */
import type { Words } from '../../core/board.ts';
import type { SignLanguage } from '../../core/sign/sign.ts';
import type { Face, FaceNotice } from '../screen/face.ts';
import type { FaceLine, FaceTime } from '../screen/face-line.ts';
import { labelIn } from '../screen/labels.ts';

/** Seconds until the page asks again. */
export const REFRESH_S = 20;
/** Longest page, bytes; a reader pays for them. */
export const LARGEST_PAGE = 30_000;

export interface SpokenText {
  /** Local time `HH:mm`, while it is known. */
  readonly time?: string;
  readonly text: string;
}

/** Colours of the style: dark on light, or the other way round as the phone is set; contrast above 7 : 1 in both. */
export const STYLE = `:root{color-scheme:light dark;--bg:#fff;--ink:#111;--dim:#3d3d3d;--line:#bbb}
@media(prefers-color-scheme:dark){:root{--bg:#111;--ink:#fff;--dim:#cfcfcf;--line:#555}}
body{margin:0 auto;max-width:40rem;padding:1rem;background:var(--bg);color:var(--ink);font:1.1rem/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:.2em 0}h2{font-size:1.2rem;margin:0}ul{list-style:none;margin:0;padding:0}
li{border-top:1px solid var(--line);padding:.7rem 0}p{margin:.15em 0}strong{font-size:1.35rem}
small,.dim{color:var(--dim)}a{color:inherit}nav a,.tile{display:inline-block;padding:.6rem 1rem .6rem 0}
.alert{border-left:.4rem solid;padding-left:.7rem}`;

/** The page of a face. `spoken`: what was said last, newest first. */
export function phonePage(face: Face, language: SignLanguage, spoken: readonly SpokenText[]): string {
  const first = face.languages[0] ?? 'en';
  const pick = (words: Words) => picked(words, language, first);
  const say = (key: Parameters<typeof labelIn>[1], values?: Parameters<typeof labelIn>[2]) =>
    escaped(labelIn(language, key, values));
  const others = face.languages.filter((one) => one !== language);
  const body = [
    `<header><h1>${pick(face.stop)}</h1>`,
    `<p class="dim">${[face.time === undefined ? pick(face.clockLost ?? { main: '' }) : escaped(face.time), pick(face.updated.words)].join(' · ')}</p></header>`,
    others.length === 0
      ? ''
      : `<nav>${others.map((one) => `<a href="?lang=${one}" lang="${one}" hreflang="${one}">${one === 'en' ? 'English' : '中文'}</a>`).join('')}</nav>`,
    `<main>${face.cover === undefined ? '' : coverHtml(face.cover, pick)}`,
    face.headline === undefined ? '' : `<p>${pick(face.headline.words)}</p>`,
    noticesHtml(face.notices, pick),
    face.cover?.kind === 'fault'
      ? ''
      : `<ul>${face.lines.map((line) => lineHtml(line, language, pick)).join('')}</ul>`,
    weatherHtml(face, pick),
    tilesHtml(face, pick),
    spoken.length === 0
      ? ''
      : `<section><h2>${say('spoken.transcript')}</h2>${spoken.map(({ time, text }) => `<p>${time === undefined ? '' : `<small>${escaped(time)}</small> `}${escaped(text)}</p>`).join('')}</section>`,
    `</main><footer class="dim"><p>${say('hotline', { phone: face.phone })}</p><p>${say('device')} ${escaped(face.device)}</p></footer>`,
  ].join('');
  return `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta http-equiv="refresh" content="${REFRESH_S}"><title>${plain(face.stop, language, first)}</title><style>${STYLE}</style></head><body>${body}</body></html>`;
}

type Pick = (words: Words) => string;

function coverHtml({ label, title, body, source, code }: NonNullable<Face['cover']>, pick: Pick): string {
  return `<section class="alert" role="alert"><p>${pick(label)}</p><h2>${pick(title)}</h2>${[body, source].map((words) => (words === undefined ? '' : `<p>${pick(words)}</p>`)).join('')}${code === undefined ? '' : `<p><small>${escaped(code)}</small></p>`}</section>`;
}

function noticesHtml(notices: readonly FaceNotice[], pick: Pick): string {
  return notices
    .map(
      ({ label, title, body, source, tone }) =>
        `<section${tone === 'info' ? '' : ' class="alert"'}><p><b>${pick(label)}</b> ${pick(title)}</p>${body === undefined ? '' : `<p>${pick(body)}</p>`}${source === undefined ? '' : `<p><small>${pick(source)}</small></p>`}</section>`,
    )
    .join('');
}

/** `7路，开往东站` as the heading; each bus a sentence of its own. */
function lineHtml(
  { badge, to, via, times, note, hours, lastSoon }: FaceLine,
  language: SignLanguage,
  pick: Pick,
): string {
  const terminus = language === 'zh-CN' || to.second === undefined ? to.main : to.second;
  const heading = escaped(labelIn(language, 'spoken.line', { line: badge, to: terminus }));
  const rows = times.map(
    (time, place) =>
      `<p>${place === 0 ? `<strong>${timeText(time, pick)}</strong>` : timeText(time, pick)}</p>`,
  );
  const beside = [via, lastSoon, note?.words]
    .filter((words) => words !== undefined)
    .map((words) => `<p>${pick(words)}</p>`);
  return `<li><h2>${heading}</h2>${rows.join('')}${beside.join('')}${hours === undefined ? '' : `<p><small>${pick(hours)}</small></p>`}</li>`;
}

function timeText(
  { mark, figure, words, unit, under, last, crowding, wheelchair }: FaceTime,
  pick: Pick,
): string {
  const large = [
    mark === undefined ? undefined : pick(mark),
    figure === undefined ? undefined : escaped(figure),
    words === undefined ? undefined : pick(words),
    unit === undefined ? undefined : pick(unit),
  ];
  const rest = [under, last, crowding?.words, wheelchair].filter((one) => one !== undefined).map(pick);
  return [large.filter((part) => part !== undefined).join(' '), ...rest].join(' · ');
}

function weatherHtml({ weather, measured }: Face, pick: Pick): string {
  const parts: string[] = [];
  if (weather !== undefined) {
    const text = [
      weather.sky === undefined ? undefined : pick(weather.sky),
      weather.text === undefined ? undefined : escaped(weather.text),
    ];
    parts.push(
      `<p>${text.filter((part) => part !== undefined).join(' ')} <small>${pick(weather.source)}</small></p>`,
    );
  }
  for (const { label, text } of measured) parts.push(`<p>${pick(label)} ${escaped(text)}</p>`);
  return parts.length === 0 ? '' : `<section>${parts.join('')}</section>`;
}

function tilesHtml({ tiles }: Face, pick: Pick): string {
  const shown = tiles.filter(({ url }) => url !== undefined);
  if (shown.length === 0) return '';
  return `<section>${shown.map(({ title, url = '' }) => `<a class="tile" href="${escaped(url)}" rel="noreferrer">${pick(title)}</a>`).join('')}</section>`;
}

/** The text in the reader's language, with its language where that is another than the page's. */
function picked(words: Words, language: SignLanguage, first: SignLanguage): string {
  const { main, second, romanised } = words;
  if (language === first) return escaped(main);
  if (second !== undefined && romanised !== true) return escaped(second);
  return romanised === true && second !== undefined
    ? `<span lang="zh-Latn">${escaped(second)}</span> <span lang="${first}">${escaped(main)}</span>`
    : `<span lang="${first}">${escaped(main)}</span>`;
}

function plain({ main, second }: Words, language: SignLanguage, first: SignLanguage): string {
  return escaped(language === first ? main : (second ?? main));
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
}
