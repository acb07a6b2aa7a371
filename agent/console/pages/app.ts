/** The frame of all pages: who we are, where we are, the way between pages, language and light. */
import { html } from 'htm/preact';
import { AccessPage } from './access-page.ts';
import { AlarmsPage } from './alarms-page.ts';
import { post } from './api.ts';
import { CamerasPage } from './cameras-page.ts';
import { CommandsPage } from './commands-page.ts';
import { CommissionPage } from './commission-page.ts';
import { EnergyPage } from './energy-page.ts';
import { formatClock, type Key, say, setLanguage, t } from './i18n.ts';
import { loggedOut } from './live.ts';
import { LoginPage } from './login-page.ts';
import { OverviewPage } from './overview-page.ts';
import { PointsPage } from './points-page.ts';
import { PolePage } from './pole-page.ts';
import { follow, useRouter } from './router.ts';
import { SignPage } from './sign-page.ts';
import { agentNow, type State, set, use, useTick } from './state.ts';

const PAGES: readonly {
  readonly path: string;
  readonly key: Key;
  readonly administrator?: true;
  readonly technician?: true;
}[] = [
  { path: '/', key: 'nav.overview' },
  { path: '/points', key: 'nav.points' },
  { path: '/cameras', key: 'nav.cameras' },
  { path: '/pole', key: 'nav.pole' },
  { path: '/sign', key: 'nav.sign' },
  { path: '/alarms', key: 'nav.alarms' },
  { path: '/energy', key: 'nav.energy' },
  { path: '/commands', key: 'nav.commands' },
  { path: '/commission', key: 'nav.commission', technician: true },
  { path: '/access', key: 'nav.access', administrator: true },
];

const path = (state: State) => state.path;
const language = (state: State) => state.language;
const theme = (state: State) => state.theme;
const connection = (state: State) => state.connection;
const site = (state: State) => state.site;
const role = (state: State) => state.role;
const unseen = ({ alarms }: State) => alarms?.counts.unacknowledged ?? 0;
const announcement = (state: State) => state.announcement;

export function App() {
  useRouter();
  use(language);
  const state = use(connection);
  const known = use(site) !== undefined;
  return html`
    <a class="skip" href="#main">${t('nav.skip')}</a>
    <${Header} />
    <main id="main" tabindex="-1">
      ${state === 'logged-out' ? html`<${LoginPage} />` : known ? html`<${Page} />` : html`<${Waiting} />`}
    </main>
    <footer class="foot">${t('foot.text')}</footer>
    <div class="aloud" role="status" aria-live="polite">${use(announcement)}</div>
  `;
}

function Page() {
  const at = use(path);
  if (at.startsWith('/points')) return html`<${PointsPage} />`;
  if (at === '/cameras') return html`<${CamerasPage} />`;
  if (at === '/pole') return html`<${PolePage} />`;
  if (at === '/sign') return html`<${SignPage} />`;
  if (at === '/alarms') return html`<${AlarmsPage} />`;
  if (at === '/energy') return html`<${EnergyPage} />`;
  if (at === '/commands') return html`<${CommandsPage} />`;
  if (at === '/commission') return html`<${CommissionPage} />`;
  if (at === '/access') return html`<${AccessPage} />`;
  return html`<${OverviewPage} />`;
}

function Waiting() {
  return html`<p class="waiting" role="status">${t('connection.starting')}</p>`;
}

function Header() {
  const at = use(path);
  const mine = use(role);
  const here = use(site);
  const open = use(unseen);
  return html`
    <header class="top">
      <div class="top-row">
        <a class="brand" href="/" onClick=${follow} aria-label="Kerbside">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <path class="pole" d="M7 28V8.5A3.5 3.5 0 0 1 10.500 5H18M3 28h24" />
            <path class="head" d="M16.500 4.500h8l1.900 4H16.500z" />
            <path class="glow" d="M17 9.500h9.500L29.500 24H13.500z" />
          </svg>
          <span>Kerbside</span>
        </a>
        ${here !== undefined && html`<span class="where"><b>${say(here.title)}</b> <small>${here.agent}</small></span>`}
        <span class="spring"></span>
        <${Link} />
        <${LanguageChoice} />
        <${ThemeChoice} />
        ${mine !== undefined && html`<button class="quiet" onClick=${logOut}>${t('action.logout')}</button>`}
      </div>
      ${
        mine !== undefined &&
        html`<nav class="tabs" aria-label=${t('nav.label')}>
          ${PAGES.filter(
            ({ administrator, technician }) =>
              (administrator === undefined || mine === 'administrator') &&
              (technician === undefined || mine !== 'viewer'),
          ).map(({ path: to, key }) => {
            const on = to === '/' ? at === '/' : at.startsWith(to);
            return html`<a href=${to} onClick=${follow} aria-current=${on ? 'page' : undefined}>${t(key)}${to === '/alarms' && open > 0 && ` (${open})`}</a>`;
          })}
        </nav>`
      }
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

function LanguageChoice() {
  const chosen = use(language);
  const other = chosen === 'en' ? 'zh-CN' : 'en';
  return html`<button class="quiet" lang=${other} onClick=${() => setLanguage(other)}>
    ${chosen === 'en' ? '中文' : 'English'}
  </button>`;
}

const NEXT = { auto: 'dark', dark: 'light', light: 'auto' } as const;
const SIGN = { auto: '◐', dark: '☾', light: '☀' } as const;

function ThemeChoice() {
  const chosen = use(theme);
  const change = () => {
    const next = NEXT[chosen];
    localStorage.setItem('kerbside.theme', next);
    document.documentElement.dataset.theme = next;
    set({ theme: next });
  };
  const words = `${t('theme.label')}: ${t(`theme.${chosen}`)}`;
  return html`<button class="quiet sign" aria-label=${words} title=${words} onClick=${change}>${SIGN[chosen]}</button>`;
}

async function logOut(): Promise<void> {
  await post('/logout').catch(() => {});
  loggedOut();
}
