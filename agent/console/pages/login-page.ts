/** What somebody sees who is not logged in: a place for a code, for name and password, or for the code of the label. */
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { keepKey, loginAt, post } from './api.ts';
import { t } from './i18n.ts';
import { pathAsked } from './state.ts';

/** Over the service link nothing but the code of the label opens. */
const AT_SERVICE = '/service';

export function LoginPage() {
  return location.pathname === AT_SERVICE ? html`<${ServiceLogin} />` : html`<${Login} />`;
}

function Login() {
  const [failed, enter] = useEntrance('/login', pathAsked());
  const byCode = (form: FormData) => {
    const given = String(form.get('code') ?? '').trim();
    const code = /[?&]code=([\w-]+)/.exec(given)?.[1] ?? given;
    if (code !== '') location.assign(loginAt(code));
  };
  const byName = (form: FormData) => enter({ name: form.get('name'), password: form.get('password') });
  return html`<section class="card login" aria-labelledby="login-title">
    <h1 id="login-title">${t('login.title')}</h1>
    <p>${t('login.why')}</p>
    <p><code>kerbside login</code></p>
    <form onSubmit=${submitted(byCode)}>
      <label for="code">${t('login.code')}</label>
      <div class="row">
        <input id="code" name="code" autocomplete="one-time-code" autocapitalize="characters" spellcheck=${false} />
        <button class="primary" type="submit">${t('login.enter')}</button>
      </div>
    </form>
    <details>
      <summary>${t('login.by_name')}</summary>
      <form class="fields" onSubmit=${submitted(byName)}>
        <label>${t('access.name')} <input name="name" autocomplete="username" autocapitalize="none" required /></label>
        <label>${t('login.password')} <input name="password" type="password" autocomplete="current-password" required /></label>
        <button type="submit">${t('login.enter')}</button>
      </form>
    </details>
    ${failed !== '' && html`<p class="refusal" role="alert">${failed}</p>`}
  </section>`;
}

function ServiceLogin() {
  const [failed, enter] = useEntrance('/service-link/login', '/commission');
  // The label's QR brings the code in the part of the address that no server sees.
  const [scanned] = useState(() => /^#code=([\w-]+)$/.exec(location.hash)?.[1] ?? '');
  const byLabel = (form: FormData) => enter({ code: form.get('code') });
  return html`<section class="card login" aria-labelledby="login-title">
    <h1 id="login-title">${t('login.service')}</h1>
    <p>${t('login.service_why')}</p>
    <form onSubmit=${submitted(byLabel)}>
      <label for="code">${t('login.label')}</label>
      <div class="row">
        <input id="code" name="code" value=${scanned} autocomplete="off" autocapitalize="characters" spellcheck=${false} required />
        <button class="primary" type="submit">${t('login.enter')}</button>
      </div>
    </form>
    ${failed !== '' && html`<p class="refusal" role="alert">${failed}</p>`}
  </section>`;
}

/** A way in by a route of the API: what it refuses with, and how to try. */
function useEntrance(path: string, then: string): [failed: string, enter: (body: object) => void] {
  const [failed, setFailed] = useState('');
  const enter = (body: object) => {
    post<{ key: string }>(path, body).then(
      ({ key }) => {
        keepKey(key);
        location.replace(then);
      },
      (thrown) => setFailed(thrown instanceof Error ? thrown.message : String(thrown)),
    );
  };
  return [failed, enter];
}

function submitted(take: (form: FormData) => void): (event: Event) => void {
  return (event) => {
    event.preventDefault();
    if (event.currentTarget instanceof HTMLFormElement) take(new FormData(event.currentTarget));
  };
}
