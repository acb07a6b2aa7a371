/** A text of the sign: the first language large, the second beneath, both to be read back under their key. */
import { html } from 'htm/preact';
import type { Words } from '../../../core/board.ts';

const HAN = /\p{Script=Han}/u;
let languages: readonly string[] = ['zh-CN', 'en'];

/** Languages of the texts to come; screen readers choose their voice by them. */
export function speak(of: readonly string[]): void {
  languages = of;
}

export function Say({
  k,
  words,
  as = 'span',
  fit,
  ...rest
}: {
  readonly k?: string;
  readonly words: Words;
  readonly as?: string;
  readonly class?: string;
  /** Made smaller until it fits its box. */
  readonly fit?: boolean;
}) {
  const { main, second, romanised } = words;
  return html`<${as} data-k=${k} data-fit=${fit} ...${rest} class=${`say ${rest.class ?? ''}`}>
    <span class="main" lang=${HAN.test(main) ? 'zh-CN' : languages[0]}>${main}</span>
    ${second !== undefined && html`<span class=${romanised === true ? 'second pinyin' : 'second'} lang=${romanised === true ? 'zh-Latn' : languages[1]}>${second}</span>`}
  </${as}>`;
}
