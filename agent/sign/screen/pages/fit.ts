/** Long names: a text that does not fit its box is made smaller step by step, down to a third, before a letter is lost. */

const STEPS = [1, 0.9, 0.8, 0.72, 0.64, 0.56, 0.48, 0.4, 0.34];
const fitted = new WeakMap<Element, string>();

/** Fits every `[data-fit]` below `root` whose text or box has changed. */
export function fitTexts(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLElement>('[data-fit]')) {
    const { clientWidth, clientHeight } = element;
    const key = `${element.textContent}\n${clientWidth}x${clientHeight}`;
    if (fitted.get(element) === key) continue;
    for (const step of STEPS) {
      element.style.setProperty('--fit', String(step));
      const { scrollWidth, clientWidth: wide, scrollHeight, clientHeight: high } = element;
      if (scrollWidth <= wide + 1 && scrollHeight <= high + 1) break;
    }
    fitted.set(element, `${element.textContent}\n${element.clientWidth}x${element.clientHeight}`);
  }
}
