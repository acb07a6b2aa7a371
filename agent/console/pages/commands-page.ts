/** What was commanded: when, by whom, what, and what came of it. */
import { html } from 'htm/preact';
import { formatMoment, t } from './i18n.ts';
import { COMMAND_MARKS } from './lamp.ts';
import { Shape } from './quality.ts';
import { type State, use } from './state.ts';

const commands = (state: State) => state.commands;

export function CommandsPage() {
  const all = use(commands);
  return html`<section class="card" aria-labelledby="commands-title">
    <header class="card-head"><h1 id="commands-title">${t('commands.title')}</h1></header>
    <div class="scroll">
      <table class="commands">
        <thead>
          <tr>
            <th scope="col">${t('commands.when')}</th>
            <th scope="col">${t('commands.what')}</th>
            <th scope="col">${t('commands.result')}</th>
            <th scope="col">${t('commands.who')}</th>
          </tr>
        </thead>
        <tbody>
          ${all.map(
            ({ command, result }) => html`<tr key=${command.id}>
              <td>${formatMoment(command.issued)}</td>
              <th scope="row">${command.device} / ${command.point} ← ${String(command.value)}</th>
              <td>
                <${Shape} mark=${COMMAND_MARKS[result.state]} label="" /> ${t(`command.${result.state}`)}
                ${result.readback !== undefined && ` · ${t('command.readback', { value: String(result.readback) })}`}
                ${result.code !== undefined && ` · ${t(`code.${result.code}`)}`}
                ${result.reason !== undefined && html`<small class="reason">${result.reason}</small>`}
              </td>
              <td>${command.issuer}</td>
            </tr>`,
          )}
        </tbody>
      </table>
      ${all.length === 0 && html`<p class="empty">${t('commands.none')}</p>`}
    </div>
  </section>`;
}
