/** Elements of the page, and how they are changed: only where something is new, so that nothing is drawn for nothing. */

const SVG = 'http://www.w3.org/2000/svg';

/** The element with this id. Throws where the page has none. */
export function part<T extends Element = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as unknown as T;
}

export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function put(element: Element, attributes: Readonly<Record<string, string | number>>): void {
  for (const [name, value] of Object.entries(attributes)) {
    const text = String(value);
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

export function drawn(
  name: string,
  attributes: Readonly<Record<string, string | number>> = {},
  text?: string,
): SVGElement {
  const element = document.createElementNS(SVG, name);
  put(element, attributes);
  if (text !== undefined) element.textContent = text;
  return element;
}

export function made<K extends keyof HTMLElementTagNameMap>(
  name: K,
  className = '',
  text?: string,
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  if (className !== '') element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}
