/** A small router: addresses of pages inside the app, with the browser's back and forward. */
import { useEffect } from 'preact/hooks';
import { set } from './state.ts';

/** Goes to another page of the app. */
export function go(path: string): void {
  history.pushState(null, '', path);
  set({ path });
  document.getElementById('main')?.focus({ preventScroll: true });
  scrollTo({ top: 0 });
}

/** Handles a click on a link inside the app; other buttons and keys are left to the browser. */
export function follow(event: MouseEvent): void {
  const link = event.currentTarget;
  if (!(link instanceof HTMLAnchorElement)) return;
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(link.pathname);
}

export function useRouter(): void {
  useEffect(() => {
    const back = () => set({ path: location.pathname });
    addEventListener('popstate', back);
    return () => removeEventListener('popstate', back);
  }, []);
}
