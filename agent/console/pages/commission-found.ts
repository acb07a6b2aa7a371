/** A found device: what it is and why, what it says now, whether it is taken, and its names. */
import { html } from 'htm/preact';
import type { ApiFoundDevice, ApiTrialValue } from '../api/commissioning-contract.ts';
import type { PointRow } from '../api/contract.ts';
import { type Choice, nameFault, titlesOf } from './commission-choices.ts';
import { formatValue, say, t } from './i18n.ts';
import { Shape } from './quality.ts';

interface FoundProps {
  readonly found: ApiFoundDevice;
  readonly choice: Choice;
  /** Ids that it may not have. */
  readonly others: readonly string[];
  /** What the agent says is wrong. */
  readonly problems: readonly { readonly message: string; readonly fix?: string | undefined }[];
  readonly searching: boolean;
  readonly onChange: (choice: Choice) => void;
}

export function CommissionFound({ found, choice, others, problems, searching, onChange }: FoundProps) {
  const { key, address, setting, candidates, says, known } = found;
  const chosen = candidates.find(({ profile }) => profile === choice.profile);
  const fault = choice.accepted ? nameFault(choice.id, others) : undefined;
  const change = (part: Partial<Choice>) => onChange({ ...choice, ...part });
  const typed = (name: 'id' | 'en' | 'zh') => (event: Event) =>
    event.currentTarget instanceof HTMLInputElement && change({ [name]: event.currentTarget.value });
  const pick = (event: Event) => {
    if (!(event.currentTarget instanceof HTMLSelectElement)) return;
    const profile = event.currentTarget.value;
    change({ profile, ...titlesOf(found, profile) });
  };
  const who = chosen === undefined ? t('commission.unknown') : `${chosen.brand} ${chosen.model}`;
  return html`<li class="found" data-found=${key}>
    <label class="tick">
      <input
        type="checkbox"
        checked=${choice.accepted}
        disabled=${chosen === undefined || known !== undefined}
        onChange=${(event: Event) => event.currentTarget instanceof HTMLInputElement && change({ accepted: event.currentTarget.checked })}
      />
      <span><b>${who}</b> ${chosen !== undefined && say(chosen.title)}</span>
    </label>
    <p class="note">
      ${address === undefined ? t('commission.talks') : t('commission.at', { address, setting })}
      ${says !== undefined && ` · “${says}”`}
      ${chosen !== undefined && ` · ${t(`evidence.${chosen.by}`)}${chosen.points === undefined ? '' : ` (${t('commission.points_read', { n: chosen.points, of: chosen.of })})`}`}
    </p>
    ${known !== undefined && html`<p class="fix">${t('commission.known', { device: known })}</p>`}
    ${candidates.length === 0 && html`<p class="fix">${t('commission.no_profile')}</p>`}
    ${
      candidates.length > 1 &&
      html`<label class="field">${t('commission.which', { n: candidates.length })}
        <select onChange=${pick}>
          ${candidates.map(
            ({ profile, brand, model }) =>
              html`<option value=${profile} selected=${profile === choice.profile}>${brand} ${model}</option>`,
          )}
        </select></label>`
    }
    ${
      choice.accepted &&
      html`<div class="names">
        <label class="field">${t('commission.id')}
          <input name="id" maxlength="64" autocomplete="off" spellcheck="false" aria-invalid=${fault !== undefined || problems.length > 0 ? 'true' : undefined} value=${choice.id} onInput=${typed('id')} /></label>
        <label class="field">${t('commission.name_en')}
          <input name="en" maxlength="120" lang="en" value=${choice.en} onInput=${typed('en')} /></label>
        <label class="field">${t('commission.name_zh')}
          <input name="zh" maxlength="120" lang="zh-CN" value=${choice.zh} onInput=${typed('zh')} /></label>
      </div>`
    }
    ${fault !== undefined && html`<p class="refusal" role="alert">${t(`name_fault.${fault}`)}</p>`}
    ${fault === undefined && problems.map(({ message, fix }) => html`<p class="refusal" role="alert">${message}${fix !== undefined && ` ${fix}`}</p>`)}
    ${!searching && choice.accepted && html`<${Values} found=${found} />`}
  </li>`;
}

function Values({ found: { values, read, trouble } }: { found: ApiFoundDevice }) {
  if (values.length === 0) {
    return html`<p class="note" role="status">${trouble ?? t('commission.reading')}</p>`;
  }
  return html`<dl class="live">
      ${values.map(
        (one) => html`<div key=${one.point} data-trial=${one.point}>
          <dt>${say(one.title)}</dt>
          <dd><${Shape} mark=${one.quality} label=${t(`quality.${one.quality}`)} /> ${shown(one)} <span class="unit">${one.symbol}</span></dd>
        </div>`,
      )}
    </dl>
    ${read !== undefined && html`<p class="note">${t('commission.read_well', { n: read.good, of: read.of })}${trouble !== undefined && ` · ${trouble}`}</p>`}`;
}

function shown({ value, decimals, states }: ApiTrialValue): string {
  return formatValue({ value, decimals, states } as PointRow);
}
