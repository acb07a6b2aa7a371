/** The page of a unit that is nobody's yet: who this machine is, ways to take a claim, and the way over to the named unit. */
import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import type { ApiTaken, ApiUnclaimed } from '../api/claim-contract.ts';
import { get, Refusal } from './api.ts';
import { Brand } from './brand.ts';
import { LanguageChoice, ThemeChoice } from './choices.ts';
import { ClaimForms } from './claim-forms.ts';
import { ClaimMachine } from './claim-machine.ts';
import { t } from './i18n.ts';
import { type State, setNow, use } from './state.ts';

const language = (state: State) => state.language;
/** ms */
const BETWEEN_LOOKS = 2000;
/** So long a named unit may take to start; then another way to it is shown, ms. */
const START = 20_000;

export function ClaimApp() {
  const chosen = use(language);
  const [machine, setMachine] = useState<ApiUnclaimed>();
  const [lost, setLost] = useState(false);
  const [taken, setTaken] = useState<ApiTaken>();
  useEffect(() => {
    document.title = `${t('claim.title')} · Kerbside`;
  }, [chosen]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      try {
        const now = await get<ApiUnclaimed>('/claim');
        setNow(now.now);
        setMachine(now);
        setLost(false);
      } catch (thrown) {
        // A named unit has no such route, and asks who is there.
        if (thrown instanceof Refusal && [401, 404].includes(thrown.status)) {
          if (taken === undefined) location.reload();
          else location.replace(taken.login);
          return;
        }
        setLost(true);
      }
      timer = setTimeout(look, BETWEEN_LOOKS);
    };
    void look();
    return () => clearTimeout(timer);
  }, [taken]);
  return html`
    <a class="skip" href="#main">${t('nav.skip')}</a>
    <header class="top"><div class="top-row">
      <${Brand} /><span class="spring"></span><${LanguageChoice} /><${ThemeChoice} />
    </div></header>
    <main id="main" tabindex="-1" class="claim">
      ${
        taken !== undefined
          ? html`<${Becoming} taken=${taken} />`
          : machine === undefined
            ? html`<p class="waiting" role="status">${t(lost ? 'lost.title' : 'connection.starting')}</p>`
            : html`
              ${lost && html`<p class="refusal" role="status">${t('lost.title')}</p>`}
              <${ClaimMachine} machine=${machine} />
              <${ClaimForms} exchange=${machine.exchange} onTaken=${setTaken} />
            `
      }
    </main>
  `;
}

/** From the claim to the first login of the unit it named. */
function Becoming({ taken }: { readonly taken: ApiTaken }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), START);
    return () => clearTimeout(timer);
  }, []);
  const { agent, site, key, console: at, login } = taken;
  return html`<section class="card" aria-labelledby="taken-title">
    <h1 id="taken-title">${t('claim.taken', { agent })}</h1>
    <p>${t('claim.taken_by', { site, key })}</p>
    <p role="status">${t('claim.starting')}</p>
    ${
      late &&
      html`<p>${t('claim.late', { at })}</p>
        <p><a class="button" href=${login}>${t('claim.go_on')}</a></p>`
    }
  </section>`;
}
