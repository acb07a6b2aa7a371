/** Alerts, warnings and announcements, the gravest first; what has no room comes in the next round. */
import { html } from 'htm/preact';
import type { FaceNotice } from '../face.ts';
import { Say } from './say.ts';

export function Notices({ notices }: { readonly notices: readonly FaceNotice[] }) {
  if (notices.length === 0) return null;
  return html`<section class="notices" aria-live="polite">
    ${notices.map(
      ({
        id,
        kind,
        tone,
        label,
        title,
        body,
        source,
      }) => html`<article class="notice" data-kind=${kind} data-tone=${tone} key=${id}>
        <${Say} class="label" words=${label} />
        <div class="text">
          <${Say} class="title" k=${`notice:${id}`} words=${title} fit=${true} />
          ${body !== undefined && html`<${Say} class="body" words=${body} fit=${true} />`}
        </div>
        ${source !== undefined && html`<${Say} class="source" words=${source} />`}
      </article>`,
    )}
  </section>`;
}
