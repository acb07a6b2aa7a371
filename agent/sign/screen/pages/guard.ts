/**
 * A rider's fingers, a keyboard somebody plugs in: nothing of it leads out of the page. The browser's flags and policy
 * (docs/sign/kiosk.md) hold by themselves; this is the second fence, and the only one where the page is opened by hand.
 */

const NEVER = [
  'contextmenu',
  'auxclick',
  'dragenter',
  'dragover',
  'dragstart',
  'drop',
  'selectstart',
  'copy',
  'cut',
  'paste',
  'beforeprint',
  'gesturestart',
] as const;

export function guard(): void {
  const stop = (event: Event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  for (const kind of NEVER) addEventListener(kind, stop, { capture: true, passive: false });
  addEventListener(
    'wheel',
    (event) => {
      if (event.ctrlKey) stop(event);
    },
    { capture: true, passive: false },
  );
  addEventListener(
    'touchmove',
    (event) => {
      if (event.touches.length > 1) stop(event);
    },
    { capture: true, passive: false },
  );
  addEventListener(
    'keydown',
    (event) => {
      // Tab, Enter, blank and Escape work a page; everything else only leads away from it.
      const plain = !event.ctrlKey && !event.altKey && !event.metaKey;
      if (!plain || !['Tab', 'Enter', ' ', 'Escape', 'Shift'].includes(event.key)) stop(event);
    },
    { capture: true },
  );
  addEventListener(
    'click',
    (event) => {
      const link = event.target instanceof Element ? event.target.closest('a') : null;
      if (link !== null) stop(event);
    },
    { capture: true },
  );
  window.print = () => {};
  window.open = () => null;
  window.alert = () => {};
  window.confirm = () => false;
  window.prompt = () => null;
}
