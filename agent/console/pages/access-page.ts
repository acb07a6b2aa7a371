/** For administrators: who gets in. A login for another device, people, sessions, tokens of programs, and the doors. */
import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import { SCOPES, type TokenScope } from '../access/scope.ts';
import { DoorsSection } from './access-doors.ts';
import { RoleChoice, submitted } from './access-forms.ts';
import { PeopleSection, SessionsSection } from './access-people.ts';
import { get, post, remove } from './api.ts';
import { formatClock, formatMoment, t } from './i18n.ts';
import { QrCode } from './qr.ts';
import { type Run, useWork } from './work.ts';

interface Token {
  readonly id: string;
  readonly name: string;
  readonly role: 'viewer' | 'technician' | 'administrator';
  readonly scopes: readonly TokenScope[];
  readonly created: number;
}

interface Login {
  readonly link: string;
  readonly short: string;
  readonly qr: readonly string[];
  readonly expires: number;
}

export function AccessPage() {
  const [round, setRound] = useState(0);
  // The lists are asked for anew behind each.
  const { failed, run } = useWork(() => setRound((count) => count + 1));
  const shared = { run, round };
  return html`<h1 class="aloud">${t('nav.access')}</h1>
    ${failed !== '' && html`<p class="card refusal" role="alert">${failed}</p>`}
    <${LoginSection} ...${shared} />
    <${PeopleSection} ...${shared} />
    <${SessionsSection} ...${shared} />
    <${TokensSection} ...${shared} />
    <${DoorsSection} ...${shared} />`;
}

function LoginSection({ run }: { readonly run: Run }) {
  const [made, setMade] = useState<Login>();
  const make = (form: FormData) =>
    run(async () => {
      const person = String(form.get('person') ?? '').trim();
      setMade(await post<Login>('/links', { role: form.get('role'), ...(person === '' ? {} : { person }) }));
    });
  return html`<section class="card" aria-labelledby="link-title">
    <h2 id="link-title">${t('access.link')}</h2>
    <p class="note">${t('access.link_text')}</p>
    <form class="row" onSubmit=${submitted(make)}>
      <input name="person" pattern="[A-Za-z0-9_\\-]{1,64}" placeholder=${t('access.person')} aria-label=${t('access.person')} />
      <${RoleChoice} /> <button class="primary" type="submit">${t('access.make_link')}</button>
    </form>
    ${
      made !== undefined &&
      html`<div class="secret login-code" role="status">
        <b>${t('access.once')}</b>
        <${QrCode} rows=${made.qr} label=${t('access.qr')} />
        <code class="short">${made.short}</code>
        <code>${made.link}</code>
        <span class="note">${t('access.until', { time: formatClock(made.expires) })}</span>
      </div>`
    }
  </section>`;
}

function TokensSection({ run, round }: { readonly run: Run; readonly round: number }) {
  const [tokens, setTokens] = useState<readonly Token[]>([]);
  const [secret, setSecret] = useState('');
  useEffect(() => {
    get<{ tokens: Token[] }>('/tokens').then(
      ({ tokens: list }) => setTokens(list),
      () => {},
    );
  }, [round]);
  const make = (form: FormData) =>
    run(async () => {
      const scopes = SCOPES.filter((scope) => form.get(scope) !== null);
      const body = { name: form.get('name'), role: form.get('role'), scopes };
      setSecret((await post<{ secret: string }>('/tokens', body)).secret);
    });
  return html`<section class="card" aria-labelledby="tokens-title">
    <h2 id="tokens-title">${t('access.tokens')}</h2>
    <p class="note">${t('access.tokens_text')}</p>
    <form onSubmit=${submitted(make)}>
      <div class="row">
        <input name="name" required pattern="[A-Za-z0-9_\\-]{1,64}" placeholder=${t('access.name')} aria-label=${t('access.name')} />
        <${RoleChoice} /> <button class="primary" type="submit">${t('access.make_token')}</button>
      </div>
      <fieldset class="scopes">
        <legend>${t('access.scopes')}</legend>
        ${SCOPES.map((scope) => html`<label key=${scope}><input type="checkbox" name=${scope} checked=${scope === 'read'} /> ${t(`scope.${scope}`)}</label>`)}
      </fieldset>
    </form>
    ${secret !== '' && html`<p class="secret" role="status"><b>${t('access.once')}</b> <code>${secret}</code></p>`}
    <ul class="tokens">
      ${tokens.map(
        ({ id, name, role, scopes, created }) => html`<li key=${id}>
          <b>${name}</b>
          <span>${t(`role.${role}`)} · ${scopes.map((scope) => t(`scope.${scope}`)).join(', ')} · ${formatMoment(created)}</span>
          <button class="quiet" onClick=${() => run(() => remove(`/tokens/${id}`))}>${t('access.revoke')}</button>
        </li>`,
      )}
    </ul>
  </section>`;
}
