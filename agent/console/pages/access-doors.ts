/** The doors from elsewhere: certificate with its fingerprints, and the service link. */
import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import { get, post } from './api.ts';
import { formatClock, formatMoment, t } from './i18n.ts';
import type { Run } from './work.ts';

interface Certificate {
  readonly remote: string | null;
  readonly certificate: {
    readonly made: boolean;
    readonly fingerprint: string;
    readonly key_fingerprint: string;
    readonly until: number;
  } | null;
}

interface ServiceLink {
  readonly configured: boolean;
  readonly open: boolean;
  readonly until: number | null;
  readonly label: number | null;
  readonly ways: readonly { readonly way: string; readonly up: boolean; readonly message: string }[];
  readonly trouble: string | null;
}

export function DoorsSection({ run, round }: { readonly run: Run; readonly round: number }) {
  const [door, setDoor] = useState<Certificate>();
  const [link, setLink] = useState<ServiceLink>();
  useEffect(() => {
    get<Certificate>('/certificate').then(setDoor, () => {});
    get<ServiceLink>('/service-link').then(setLink, () => {});
  }, [round]);
  const certificate = door?.certificate;
  return html`<section class="card" aria-labelledby="remote-title">
      <h2 id="remote-title">${t('access.remote')}</h2>
      ${door !== undefined && html`<p>${door.remote === null ? t('access.remote_off') : html`<code>${door.remote}</code>`}</p>`}
      ${
        certificate !== null &&
        certificate !== undefined &&
        html`<dl class="facts">
          <dt>${t('access.certificate')}</dt>
          <dd>${t(certificate.made ? 'access.made' : 'access.own_files')} · ${formatMoment(certificate.until)}</dd>
          <dt>SHA-256</dt>
          <dd><code>${certificate.fingerprint}</code></dd>
          <dt>${t('access.public_key')} SHA-256</dt>
          <dd><code>${certificate.key_fingerprint}</code></dd>
        </dl>`
      }
    </section>
    ${
      link?.configured === true &&
      html`<section class="card" aria-labelledby="service-title">
        <h2 id="service-title">${t('access.service')}</h2>
        <p class="note">${t('access.service_text')}</p>
        <p role="status">
          ${link.open && link.until !== null ? t('access.service_open', { time: formatClock(link.until) }) : t('access.service_closed')}
          ${link.label === null && html` <b>${t('access.no_label')}</b> <code>kerbside label --access</code>`}
        </p>
        ${link.trouble !== null && html`<p class="refusal">${link.trouble}</p>`}
        <ul>${link.ways.map(({ way, up, message }) => html`<li key=${way}>${up ? '✓' : '✗'} ${message}</li>`)}</ul>
        <button onClick=${() => run(() => post(link.open ? '/service-link/close' : '/service-link/open'))}>
          ${t(link.open ? 'access.service_close' : 'access.service_now')}
        </button>
      </section>`
    }`;
}
