/** All points, with the history of the chosen one above them. */
import { html } from 'htm/preact';
import { ChartCard } from './chart.ts';
import { t } from './i18n.ts';
import { PointsTable } from './points-table.ts';

export function PointsPage() {
  return html`<h1 class="aloud">${t('nav.points')}</h1>
    <${ChartCard} />
    <${PointsTable} />`;
}
