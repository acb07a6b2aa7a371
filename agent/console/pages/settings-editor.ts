/** The text of the site file with line numbers, and its problems at their lines. */
import { html } from 'htm/preact';
import { useRef } from 'preact/hooks';
import type { ApiConfigProblem } from '../api/config-contract.ts';
import { t } from './i18n.ts';

interface EditorProps {
  readonly text: string;
  readonly problems: readonly ApiConfigProblem[];
  /** Absolute path of the site file: problems of its templates stand in other files. */
  readonly file: string;
  readonly fixed: boolean;
  readonly onText: (text: string) => void;
}

export function SettingsEditor({ text, problems, file, fixed, onText }: EditorProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const numbers = useRef<HTMLPreElement>(null);
  const wrong = new Set(problems.filter((one) => one.file === file).map(({ line }) => line));
  const lines = text.split('\n').length;
  const go = (line: number, column: number) => {
    const at =
      text
        .split('\n')
        .slice(0, line - 1)
        .join('\n').length +
      (line > 1 ? 1 : 0) +
      column -
      1;
    const field = area.current;
    if (field === null) return;
    field.focus();
    field.setSelectionRange(at, at);
    field.scrollTop = (field.scrollHeight / lines) * Math.max(0, line - 4);
  };
  const upload = async (event: Event) => {
    const [chosen] = (event.currentTarget as HTMLInputElement).files ?? [];
    if (chosen !== undefined) onText(await chosen.text());
  };
  const follow = () => {
    if (numbers.current !== null && area.current !== null) numbers.current.scrollTop = area.current.scrollTop;
  };
  return html`<div class="site-text">
      <pre aria-hidden="true" ref=${numbers}>${Array.from({ length: lines }, (_, i) => `${wrong.has(i + 1) ? '▶' : ''}${i + 1}`).join('\n')}</pre>
      <textarea
        ref=${area}
        rows="18"
        wrap="off"
        spellcheck="false"
        autocapitalize="off"
        autocomplete="off"
        aria-label=${t('settings.text')}
        aria-invalid=${problems.length > 0}
        readonly=${fixed}
        value=${text}
        onScroll=${follow}
        onInput=${(event: InputEvent) => onText((event.currentTarget as HTMLTextAreaElement).value)}
      ></textarea>
    </div>
    ${
      problems.length > 0 &&
      html`<div class="refusal" role="alert"><ul>
        ${problems.map(
          ({ file: of, line, column, path, message, fix }) => html`<li>
            <button class="quiet" onClick=${() => go(line, column)} disabled=${of !== file}>${of === file ? '' : `${of}:`}${line}:${column}</button>
            ${path} ${message}${fix === undefined ? '' : `; ${fix}`}
          </li>`,
        )}
      </ul></div>`
    }
    ${
      !fixed &&
      html`<label class="row">${t('settings.upload')} <input type="file" accept=".yaml,.yml,text/yaml" onChange=${upload} /></label>`
    }`;
}
