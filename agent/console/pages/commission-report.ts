/** Tests on site and the report: what is done last, and printed for the file of the project. */
import { html } from 'htm/preact';
import type { ApiAcceptanceTest } from '../api/acceptance-contract.ts';
import { ask, post } from './api.ts';
import { useAsked } from './asked.ts';
import { formatMoment, formatNumber, say, t } from './i18n.ts';
import { type Mark, Shape } from './quality.ts';
import { useWork } from './work.ts';

const MARKS: Readonly<Record<ApiAcceptanceTest['state'], Mark>> = {
  'not-done': 'none',
  running: 'uncertain',
  passed: 'good',
  failed: 'bad',
};

/** A test that waits for a press is looked at this often, ms. */
const LOOK_EVERY = 1500;

export function CommissionReport() {
  const { answer } = useAsked<{ tests: ApiAcceptanceTest[] }>('/commissioning/tests', LOOK_EVERY);
  const { failed, run } = useWork();
  const name = () => (localStorage.getItem('kerbside.person') ?? '').trim();
  const begin = (test: string) =>
    run(
      async () =>
        void (await post('/commissioning/tests', { test, ...(name() === '' ? {} : { name: name() }) })),
    );
  const download = () =>
    run(async () => {
      const query = new URLSearchParams({ lang: 'both', ...(name() === '' ? {} : { name: name() }) });
      const page = await (await ask(`/commissioning/report/page?${query}`)).blob();
      const link = document.createElement('a');
      link.href = URL.createObjectURL(page);
      link.download = 'commissioning.html';
      link.click();
      URL.revokeObjectURL(link.href);
    });
  return html`<section class="card commission" aria-labelledby="report-title">
    <header class="card-head">
      <h2 id="report-title">${t('commission.tests')}</h2>
      <button class="big" onClick=${download}>${t('commission.report')}</button>
    </header>
    ${failed !== '' && html`<p class="refusal" role="alert">${failed}</p>`}
    <ul>
      ${answer?.tests.map((test) => html`<${Test} key=${test.id} test=${test} onBegin=${() => begin(test.id)} />`)}
    </ul>
    ${answer?.tests.length === 0 && html`<p class="empty">${t('commission.no_tests')}</p>`}
  </section>`;
}

function Test({ test, onBegin }: { test: ApiAcceptanceTest; onBegin: () => void }) {
  const { id, kind, title, state, facts, fault, detail, ended } = test;
  const seen = facts.flatMap(({ what, of, value, unit }) =>
    what === 'power' && typeof value === 'number' ? [`${of}: ${formatNumber(value, 1)} ${unit ?? ''}`] : [],
  );
  return html`<li class="found" data-test=${id}>
    <p><${Shape} mark=${MARKS[state]} label="" /> <b>${t(`test_kind.${kind}`)}</b> ${say(title)} · <span>${t(`test_state.${state}`)}</span>${ended !== undefined && ` · ${formatMoment(ended)}`}</p>
    ${seen.length > 0 && html`<p class="note">${seen.join(' · ')}</p>`}
    ${state === 'running' && html`<p class="fix" role="status">${t(`test_ask.${kind}`)}</p>`}
    ${fault !== undefined && html`<p class="refusal">${t(`test_fault.${fault}`)}${detail !== undefined && ` (${detail})`}</p>`}
    <p class="row"><button class="big" disabled=${state === 'running'} onClick=${onBegin}>${t('commission.test')} <span class="aloud">${id}</span></button></p>
  </li>`;
}
