/** The page of the address: loaded when it is first opened. All others follow while nothing else is to be done. */
import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from './i18n.ts';
import { ALL_PAGES, type PageEntry, type PageView, pageAt } from './navigation.ts';
import { OverviewPage } from './overview-page.ts';
import { type State, use } from './state.ts';

const path = (state: State) => state.path;
const languageOf = (state: State) => state.language;
/** The first page comes with the frame. */
const loaded = new Map<PageEntry, PageView>([[pageAt('/'), OverviewPage]]);

export function Page() {
  const entry = pageAt(use(path));
  const [, again] = useState(0);
  const [failed, setFailed] = useState(false);
  const view = loaded.get(entry);
  useEffect(() => {
    if (loaded.has(entry)) return;
    let gone = false;
    setFailed(false);
    fetchPage(entry).then(
      () => !gone && again((count) => count + 1),
      () => !gone && setFailed(true),
    );
    return () => {
      gone = true;
    };
  }, [entry]);
  useEffect(restOfThem, []);
  const language = use(languageOf);
  useEffect(() => {
    document.title = `${t(entry.key)} · Kerbside`;
  }, [entry, language]);
  if (view !== undefined) return html`<${view} />`;
  if (!failed) return html`<p class="waiting" role="status">${t('page.loading')}</p>`;
  return html`<section class="card">
    <p role="alert">${t('page.failed')}</p>
    <button onClick=${() => location.reload()}>${t('page.reload')}</button>
  </section>`;
}

async function fetchPage(entry: PageEntry): Promise<void> {
  loaded.set(entry, await entry.load());
}

/** So that a page opens at once, also where the agent is out of reach by then. */
function restOfThem(): void {
  const idle =
    'requestIdleCallback' in globalThis ? requestIdleCallback : (run: () => void) => setTimeout(run, 2000);
  const next = (rest: readonly PageEntry[]): void => {
    const [entry, ...others] = rest;
    if (entry === undefined) return;
    idle(() => {
      void fetchPage(entry)
        .catch(() => {})
        .then(() => next(others));
    });
  };
  next(ALL_PAGES.filter((entry) => !loaded.has(entry)));
}
