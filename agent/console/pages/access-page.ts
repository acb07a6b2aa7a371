/** For administrators: a link for another device, and the tokens of programs. */
import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import { get, post, remove } from './api.ts';
import { formatMoment, t } from './i18n.ts';

const ROLES = ['viewer', 'technician', 'administrator'] as const;

interface Token {
  readonly id: string;
  readonly name: string;
  readonly role: (typeof ROLES)[number];
  readonly created: number;
}

export function AccessPage() {
  const [tokens, setTokens] = useState<readonly Token[]>([]);
  const [shown, setShown] = useState('');
  const [failed, setFailed] = useState('');
  const run = async (work: () => Promise<void>) => {
    try {
      await work();
      setTokens((await get<{ tokens: Token[] }>('/tokens')).tokens);
      setFailed('');
    } catch (thrown) {
      setFailed(thrown instanceof Error ? thrown.message : String(thrown));
    }
  };
  useEffect(() => void run(async () => {}), []);
  const makeLink = (form: FormData) => async () => {
    setShown((await post<{ link: string }>('/links', { role: form.get('role') })).link);
  };
  const makeToken = (form: FormData) => async () => {
    const body = { name: form.get('name'), role: form.get('role') };
    setShown((await post<{ secret: string }>('/tokens', body)).secret);
  };
  const submit = (make: (form: FormData) => () => Promise<void>) => (event: Event) => {
    event.preventDefault();
    if (event.currentTarget instanceof HTMLFormElement) void run(make(new FormData(event.currentTarget)));
  };
  return html`<h1 class="aloud">${t('nav.access')}</h1>
    <section class="card" aria-labelledby="link-title">
      <h2 id="link-title">${t('access.link')}</h2>
      <p class="note">${t('access.link_text')}</p>
      <form class="row" onSubmit=${submit(makeLink)}>
        <${RoleChoice} /> <button class="primary" type="submit">${t('access.make_link')}</button>
      </form>
    </section>
    <section class="card" aria-labelledby="tokens-title">
      <h2 id="tokens-title">${t('access.tokens')}</h2>
      <p class="note">${t('access.tokens_text')}</p>
      <form class="row" onSubmit=${submit(makeToken)}>
        <input name="name" required pattern="[A-Za-z0-9_\\-]{1,64}" placeholder=${t('access.name')} aria-label=${t('access.name')} />
        <${RoleChoice} /> <button class="primary" type="submit">${t('access.make_token')}</button>
      </form>
      <ul class="tokens">
        ${tokens.map(
          ({ id, name, role, created }) => html`<li key=${id}>
            <b>${name}</b> <span>${t(`role.${role}`)} · ${formatMoment(created)}</span>
            <button class="quiet" onClick=${() => run(() => remove(`/tokens/${id}`))}>${t('access.revoke')}</button>
          </li>`,
        )}
      </ul>
    </section>
    ${shown !== '' && html`<p class="card secret" role="status"><b>${t('access.once')}</b> <code>${shown}</code></p>`}
    ${failed !== '' && html`<p class="card refusal" role="alert">${failed}</p>`}`;
}

function RoleChoice() {
  return html`<select name="role" aria-label=${t('access.role')}>
    ${ROLES.map((role) => html`<option value=${role} selected=${role === 'technician'}>${t(`role.${role}`)}</option>`)}
  </select>`;
}
