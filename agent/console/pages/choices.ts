/** What whoever looks chooses for himself: language, light, the end of the session. */
import { html } from 'htm/preact';
import { post } from './api.ts';
import { setLanguage, t } from './i18n.ts';
import { loggedOut } from './live.ts';
import { type State, set, use } from './state.ts';

const language = (state: State) => state.language;
const theme = (state: State) => state.theme;

export function LanguageChoice() {
  const chosen = use(language);
  const other = chosen === 'en' ? 'zh-CN' : 'en';
  return html`<button class="quiet" lang=${other} onClick=${() => setLanguage(other)}>
    ${chosen === 'en' ? '中文' : 'English'}
  </button>`;
}

const NEXT = { auto: 'dark', dark: 'light', light: 'auto' } as const;
const SIGN = { auto: '◐', dark: '☾', light: '☀' } as const;

export function ThemeChoice() {
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

export function LogOut() {
  const leave = async () => {
    await post('/logout').catch(() => {});
    loggedOut();
  };
  return html`<button class="quiet" onClick=${leave}>${t('action.logout')}</button>`;
}
