/** What a page of the sign looks like, measured in the browser: what overflows, what is too pale, what stands there. */
import type { Page } from 'playwright-core';

export interface Look {
  /** Texts by key as the page reads them back. */
  readonly texts: Readonly<Record<string, string>>;
  /** Texts that stick out of their box, are cut off, or lie over another. */
  readonly overflow: readonly string[];
  /** Texts with too little contrast: 7 for times, 4.5 for the rest (WCAG 2.2 §1.4.6, §1.4.3). */
  readonly pale: readonly string[];
  /** Smallest type that carries a text of the first language, share of the panel's shorter side. */
  readonly smallest: number;
  readonly times: number;
}

export function look(page: Page): Promise<Look> {
  return page.evaluate(() => {
    type Colour = readonly [red: number, green: number, blue: number, alpha: number];
    const colourOf = (text: string): Colour => {
      const parts = text.match(/[\d.]+/g)?.map(Number) ?? [];
      const scale = text.startsWith('color(') ? 255 : 1;
      const [red = 0, green = 0, blue = 0, alpha = 1] = parts;
      return [red * scale, green * scale, blue * scale, alpha];
    };
    const over = (top: Colour, ground: Colour): Colour => {
      const [, , , alpha] = top;
      const mix = (i: 0 | 1 | 2) => top[i] * alpha + ground[i] * (1 - alpha);
      return [mix(0), mix(1), mix(2), 1];
    };
    const brightness = Number(
      /brightness\(([\d.]+)\)/.exec(
        getComputedStyle(document.querySelector('.sign') ?? document.body).filter,
      )?.[1] ?? 1,
    );
    const luminance = (colour: Colour) => {
      const part = (i: 0 | 1 | 2) => {
        const value = Math.min(1, (colour[i] / 255) * brightness);
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
      };
      return 0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2);
    };
    const groundOf = (element: Element): Colour => {
      const layers: Colour[] = [];
      for (let at: Element | null = element; at !== null; at = at.parentElement) {
        const colour = colourOf(getComputedStyle(at).backgroundColor);
        if (colour[3] > 0) layers.push(colour);
        if (colour[3] === 1) break;
      }
      return layers.reverse().reduce((ground, layer) => over(layer, ground), [0, 0, 0, 1] as Colour);
    };
    const overflow: string[] = [];
    const pale: string[] = [];
    const texts: Record<string, string> = {};
    let smallest = 1;
    let times = 0;
    const name = (element: Element) =>
      `${element.closest('[data-line]')?.getAttribute('data-line') ?? ''} ${element.className} "${element.textContent?.trim().slice(0, 24)}"`;
    for (const element of document.querySelectorAll('[data-k]')) {
      const parts = element.querySelectorAll('.main, .second, .figure');
      texts[element.getAttribute('data-k') ?? ''] =
        parts.length === 0
          ? (element.textContent?.trim() ?? '')
          : Array.from(parts, ({ textContent }) => textContent ?? '').join('\n');
    }
    const boxes = '.line, .notice, .head, .foot, .tile, .feedback, .cover, .headline, .camera';
    for (const element of document.querySelectorAll(
      '.main, .second, .figure, .foot b, .head .code, .head time, .badge',
    )) {
      const style = getComputedStyle(element);
      const rect = element.getBoundingClientRect();
      if (style.display === 'none' || rect.width === 0 || element.textContent?.trim() === '') continue;
      // Of the strip the names may be cut: they are there to be told apart.
      const box = element.closest(boxes)?.getBoundingClientRect();
      const out = (outer: DOMRect | { left: number; top: number; right: number; bottom: number }) =>
        rect.left < outer.left - 2 ||
        rect.top < outer.top - 2 ||
        rect.right > outer.right + 2 ||
        rect.bottom > outer.bottom + 2;
      if (out({ left: 0, top: 0, right: innerWidth, bottom: innerHeight }))
        overflow.push(`off the panel: ${name(element)}`);
      else if (box !== undefined && out(box)) overflow.push(`out of its box: ${name(element)}`);
      for (let at = element.parentElement; at !== null && !at.matches(boxes); at = at.parentElement) {
        if (getComputedStyle(at).overflow === 'visible') continue;
        const size = Number.parseFloat(style.fontSize);
        const frame = at.getBoundingClientRect();
        if (rect.right > frame.right + 2 || rect.bottom > frame.bottom + size * 0.4)
          overflow.push(`cut off: ${name(element)}`);
        break;
      }
      const colour = colourOf(style.color);
      const ground = groundOf(element);
      const [a, b] = [luminance(over(colour, ground)), luminance(ground)];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      const time = element.closest('[data-time], .note, .clock time, .now') !== null;
      if (time) times += 1;
      if (ratio < (time ? 7 : 4.5)) pale.push(`${ratio.toFixed(1)}: ${name(element)}`);
      if (element.classList.contains('main')) {
        smallest = Math.min(smallest, Number.parseFloat(style.fontSize) / Math.min(innerWidth, innerHeight));
      }
    }
    for (const line of document.querySelectorAll('.line')) {
      const where = line.querySelector('.where')?.getBoundingClientRect();
      const when = line.querySelector('.when')?.getBoundingClientRect();
      if (where !== undefined && when !== undefined && where.right > when.left + 1)
        overflow.push(`over each other: ${name(line)}`);
      for (const part of line.querySelectorAll('.when > *')) {
        const column = part.getBoundingClientRect();
        for (const text of part.querySelectorAll('.main, .second, .figure')) {
          const rect = text.getBoundingClientRect();
          if (rect.width > 0 && (rect.left < column.left - 2 || rect.right > column.right + 2))
            overflow.push(`out of its column: ${name(text)}`);
        }
      }
      for (const time of line.querySelectorAll('.time')) {
        // Of letters, not of their boxes: a line of type is higher than what stands in it.
        const texts = [...time.querySelectorAll('.main, .second, .figure')].map((text) => {
          const range = document.createRange();
          range.selectNodeContents(text);
          const { left, right, top, bottom, height } = range.getBoundingClientRect();
          const size = Number.parseFloat(getComputedStyle(text).fontSize);
          const [middle, letters] = [(top + bottom) / 2, size * 0.38];
          return { text, left, right, top: middle - letters, bottom: middle + letters, height, size };
        });
        for (const [i, one] of texts.entries()) {
          if (one.height > one.size * 2) overflow.push(`in pieces: ${name(one.text)}`);
          for (const other of texts.slice(i + 1)) {
            const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
            const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
            if (across > 2 && down > 2)
              overflow.push(`over each other: ${name(one.text)} and ${name(other.text)}`);
          }
        }
      }
    }
    return { texts, overflow, pale, smallest, times };
  });
}
