/** The frame of all pages: who we are, whether what is seen is live, the way between pages, language and light. */
import { html } from 'htm/preact';
import { Brand } from './brand.ts';
import { LanguageChoice, LogOut, ThemeChoice } from './choices.ts';
import { formatClock, say, t } from './i18n.ts';
import { LoginPage } from './login-page.ts';
import { Navigation } from './nav.ts';
import { OutOfReach } from './out-of-reach.ts';
import { Page } from './page.ts';
import { follow, useRouter } from './router.ts';
import { agentNow, type State, use, useTick } from './state.ts';

const language = (state: State) => state.language;
const connection = (state: State) => state.connection;
const site = (state: State) => state.site;
const role = (state: State) => state.role;
const narrow = (state: State) => state.narrow;
const announcement = (state: State) => state.announcement;

export function App() {
  useRouter();
  use(language);
  const state = use(connection);
  const known = use(site) !== undefined;
  return html`
    <a class="skip" href="#main">${t('nav.skip')}</a>
    <${Header} />
    <div class="frame-row">
      <${Navigation} />
      <main id="main" tabindex="-1" class=${state === 'lost' ? 'old-values' : ''}>
        <${OutOfReach} />
        ${state === 'logged-out' ? html`<${LoginPage} />` : known ? html`<${Page} />` : html`<${Waiting} />`}
        <footer class="foot">${t('foot.text')}</footer>
      </main>
    </div>
    <div class="aloud" role="status" aria-live="polite">${use(announcement)}</div>
  `;
}

function Waiting() {
  return html`<p class="waiting" role="status">${t('connection.starting')}</p>`;
}

function Header() {
  const mine = use(role);
  const here = use(site);
  const small = use(narrow);
  return html`
    <header class="top">
      <div class="top-row">
        <${Brand} onClick=${follow} />
        ${here !== undefined && html`<span class="where"><b>${say(here.title)}</b> <small>${here.agent}</small></span>`}
        <span class="spring"></span>
        <${Link} />
        ${(!small || mine === undefined) && html`<${LanguageChoice} /><${ThemeChoice} />`}
        ${!small && mine !== undefined && html`<${LogOut} />`}
      </div>
    </header>
  `;
}

/** Whether what is shown is live, and the time at the site. */
function Link() {
  useTick(1000);
  const state = use(connection);
  const here = use(site);
  if (state === 'logged-out') return null;
  const rate = here?.rate ?? 1;
  return html`<span class="link ${state}">
    <i aria-hidden="true"></i>${t(`connection.${state}`)}
    ${
      here !== undefined &&
      html`<time title=${here.timezone}>${formatClock(agentNow())}${rate === 1 ? '' : ` ×${rate}`}</time>`
    }
  </span>`;
}
