/** What takes the whole screen: an emergency, or the sign's own fault with who to call. */
import { html } from 'htm/preact';
import type { Face, FaceCover } from '../face.ts';
import { label } from '../labels.ts';
import { Say } from './say.ts';

export function Cover({ cover, face }: { readonly cover: FaceCover; readonly face: Face }) {
  const { kind, severity, label: word, title, body, source, code } = cover;
  const { languages, phone, device, stop, time } = face;
  return html`<main class="cover" data-kind=${kind} data-severity=${severity}>
    <header><${Say} words=${stop} class="stop" />${time !== undefined && html`<span class="now">${time}</span>`}</header>
    <div class="middle" role=${kind === 'takeover' ? 'alert' : 'status'}>
      <${Mark} kind=${kind} />
      <${Say} class="label" k="cover:label" words=${word} />
      <${Say} as="h1" class="title" k="cover:title" words=${title} fit=${true} />
      ${body !== undefined && html`<${Say} class="body" k="cover:body" words=${body} fit=${true} />`}
      ${source !== undefined && html`<${Say} class="source" words=${source} />`}
    </div>
    <footer class="contact">
      <div><${Say} words=${label(languages, 'phone')} /><b data-k="phone">${phone}</b></div>
      <div><${Say} words=${label(languages, 'device')} /><b data-k="device">${device}</b></div>
      ${code !== undefined && html`<div class="code" data-k="cover:code">${code}</div>`}
    </footer>
  </main>`;
}

function Mark({ kind }: { readonly kind: FaceCover['kind'] }) {
  return kind === 'takeover'
    ? html`<svg class="sigil" viewBox="0 0 48 44" aria-hidden="true"><path d="M24 3 46 41H2z" /><path class="in" d="M24 16v12M24 33.500v1" /></svg>`
    : html`<svg class="sigil" viewBox="0 0 48 44" aria-hidden="true"><rect x="4" y="6" width="40" height="26" rx="4" /><path class="in" d="m17 13 14 12M31 13 17 25M24 32v8M16 40h16" /></svg>`;
}
