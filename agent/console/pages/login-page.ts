/** What somebody sees who is not logged in: how to get a link, or a place for a code. */
import { html } from 'htm/preact';
import { t } from './i18n.ts';

export function LoginPage() {
  const enter = (event: Event) => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const given = String(new FormData(event.currentTarget).get('code') ?? '').trim();
    const code = /[?&]code=([\w-]+)/.exec(given)?.[1] ?? given;
    if (code !== '') location.assign(`/login?code=${encodeURIComponent(code)}`);
  };
  return html`<section class="card login" aria-labelledby="login-title">
    <h1 id="login-title">${t('login.title')}</h1>
    <p>${t('login.why')}</p>
    <p><code>npm run kerbside -- login --site site.yaml</code></p>
    <form onSubmit=${enter}>
      <label for="code">${t('login.code')}</label>
      <div class="row">
        <input id="code" name="code" autocomplete="off" autocapitalize="off" spellcheck=${false} />
        <button class="primary" type="submit">${t('login.enter')}</button>
      </div>
    </form>
  </section>`;
}
