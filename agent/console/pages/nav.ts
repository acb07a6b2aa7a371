/** The way between pages: a column beside them where there is room, else a bar below with the list of all behind it. */
import { html } from 'htm/preact';
import { useEffect, useRef } from 'preact/hooks';
import { LanguageChoice, LogOut, ThemeChoice } from './choices.ts';
import { t } from './i18n.ts';
import { Icon } from './icons.ts';
import { GROUPS, isOffered, PAGES, type PageEntry, pageAt } from './navigation.ts';
import { follow } from './router.ts';
import { current, type State, use } from './state.ts';

const path = (state: State) => state.path;
const role = (state: State) => state.role;
const site = (state: State) => state.site;
const narrow = (state: State) => state.narrow;
/** What badges are made of, as one text, so that a reading does not draw the navigation anew. */
const badges = (state: State) => PAGES.map(({ badge }) => badge?.(state) ?? 0).join(' ');

/** Nothing before somebody is logged in. */
export function Navigation() {
  const mine = use(role);
  const small = use(narrow);
  use(site);
  if (mine === undefined) return null;
  return small ? html`<${Bar} />` : html`<nav class="side" aria-label=${t('nav.label')}><${Groups} /></nav>`;
}

function Groups({ onGo }: { onGo?: () => void }) {
  const at = pageAt(use(path));
  use(badges);
  const offered = PAGES.filter((entry) => isOffered(entry, current()));
  return GROUPS.map((group) => {
    const pages = offered.filter((entry) => entry.group === group);
    return (
      pages.length > 0 &&
      html`<div class="nav-group" role="group" aria-labelledby=${`nav-${group}`} key=${group}>
        <p id=${`nav-${group}`}>${t(`group.${group}`)}</p>
        ${pages.map((entry) => html`<${Way} key=${entry.path} entry=${entry} on=${entry.path === at.path} onGo=${onGo} />`)}
      </div>`
    );
  });
}

function Way({ entry, on, onGo }: { entry: PageEntry; on: boolean; onGo?: () => void }) {
  const count = entry.badge?.(current()) ?? 0;
  const go = (event: MouseEvent) => {
    follow(event);
    onGo?.();
  };
  return html`<a href=${entry.path} onClick=${go} aria-current=${on ? 'page' : undefined}>
    <${Icon} name=${entry.icon} /><span class="way">${t(entry.key)}</span>${count > 0 && html`<b class="badge" title=${t('nav.badge', { n: count })}>${count}</b>`}
  </a>`;
}

function Bar() {
  const at = pageAt(use(path));
  use(badges);
  const sheet = useRef<HTMLDialogElement>(null);
  const close = () => sheet.current?.close();
  useEffect(() => close, []);
  const front = PAGES.filter((entry) => entry.front === true && isOffered(entry, current()));
  const isFront = front.some(({ path: one }) => one === at.path);
  const hidden = PAGES.filter((entry) => entry.front !== true && isOffered(entry, current()));
  const count = hidden.reduce((sum, { badge }) => sum + (badge?.(current()) ?? 0), 0);
  return html`<nav class="bar" aria-label=${t('nav.label')}>
      ${front.map((entry) => html`<${Way} key=${entry.path} entry=${entry} on=${entry.path === at.path} />`)}
      <button aria-haspopup="dialog" class=${isFront ? '' : 'on'} onClick=${() => sheet.current?.showModal()}>
        <${Icon} name="more" /><span class="way">${isFront ? t('nav.more') : t(at.key)}</span>${count > 0 && html`<b class="badge">${count}</b>`}
      </button>
    </nav>
    <dialog ref=${sheet} class="sheet" aria-label=${t('nav.label')} onClick=${(event: MouseEvent) => event.target === sheet.current && close()}>
      <div class="sheet-inner">
        <nav aria-label=${t('nav.all')}><${Groups} onGo=${close} /></nav>
        <p class="sheet-foot"><${LanguageChoice} /><${ThemeChoice} /><${LogOut} /><span class="spring"></span>
          <button onClick=${close}>${t('nav.close')}</button></p>
      </div>
    </dialog>`;
}
