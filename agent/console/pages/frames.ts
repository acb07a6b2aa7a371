/** Raw frames of one device, looked at for a minute: request and answer as hex, each with what its decoder says. */
import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ApiFrame } from '../api/device-contract.ts';
import { listen } from './api.ts';
import { formatClock, type Key, t } from './i18n.ts';

const SECONDS = 60;
/** Frames on the page; older ones go. */
const MOST = 100;

export function FramesCard({ device }: { device: string }) {
  const [frames, setFrames] = useState<readonly ApiFrame[]>([]);
  const [state, setState] = useState<'off' | 'on' | 'over'>('off');
  const [why, setWhy] = useState('');
  const stop = useRef<AbortController>(undefined);
  useEffect(() => () => stop.current?.abort(), []);
  const begin = async () => {
    stop.current?.abort();
    const mine = new AbortController();
    stop.current = mine;
    setFrames([]);
    setWhy('');
    setState('on');
    try {
      await listen(`/devices/${device}/frames?seconds=${SECONDS}`, mine.signal, (event, data) => {
        if (event === 'frame') setFrames((before) => [JSON.parse(data), ...before].slice(0, MOST));
        if (event === 'end') setWhy(endWords(JSON.parse(data).why));
      });
    } catch (thrown) {
      if (!mine.signal.aborted) setWhy(thrown instanceof Error ? thrown.message : String(thrown));
    }
    if (stop.current === mine) setState('over');
  };
  const end = () => {
    stop.current?.abort();
    setState('over');
  };
  return html`<section class="card" aria-labelledby="frames-title">
    <header class="card-head">
      <h2 id="frames-title">${t('frames.title')}</h2>
      ${
        state === 'on'
          ? html`<button onClick=${end}>${t('frames.stop')}</button>`
          : html`<button onClick=${begin}>${t('frames.begin', { n: SECONDS })}</button>`
      }
    </header>
    <p class="note" role="status">${state === 'on' ? t('frames.looking') : why === '' ? t('frames.text') : why}</p>
    <ol class="frames">${frames.map((frame, i) => html`<${Frame} key=${frames.length - i} frame=${frame} />`)}</ol>
  </section>`;
}

function endWords(why: string): string {
  return ['time', 'enough', 'slow', 'not-logged-in'].includes(why) ? t(`frames_end.${why}` as Key) : why;
}

function Frame({ frame: { time, dir, hex, error, decoded } }: { frame: ApiFrame }) {
  return html`<li class=${dir}>
    <span class="dir">${dir === 'down' ? '→' : '←'} <span class="aloud">${t(dir === 'down' ? 'frames.down' : 'frames.up')}</span>${formatClock(time)}</span>
    ${hex !== '' && html`<code>${hex}</code>`}
    ${error !== undefined && html`<span class="refusal">${error}</span>`}
    ${decoded !== undefined && html`<details><summary>${brief(decoded)}</summary><${Fields} of=${decoded} /></details>`}
  </li>`;
}

type Fields = NonNullable<ApiFrame['decoded']>;

/** The one line that says what it is. */
function brief({ ok, error, ...fields }: Fields): string {
  if (ok !== true) return String(error ?? '');
  return Object.entries(fields)
    .filter(([, value]) => typeof value !== 'object')
    .slice(0, 5)
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ');
}

function Fields({ of: fields }: { of: Fields }) {
  return html`<dl class="facts">${Object.entries(fields).map(
    ([name, value]) =>
      html`<div key=${name}><dt>${name}</dt><dd>${typeof value === 'object' ? JSON.stringify(value) : String(value)}</dd></div>`,
  )}</dl>`;
}
