/** The monthly report as one page that prints: no script, nothing from elsewhere, in one of two languages. Pure. */

import type { NodeAccount } from '../../../core/energy/account.ts';
import { evidenceLabel, wordsOf } from '../../../core/energy/finding-words.ts';
import type { Text } from '../../../core/point.ts';
import { UNITS, type Unit } from '../../../core/unit.ts';
import { bars, escaped } from './chart.ts';
import type { ReportData } from './data.ts';
import { carrierWord, type Language, lineWord, qualityWord, type Word, word } from './words.ts';

export interface ReportFacts {
  readonly language: Language;
  readonly timezone: string;
  /** Unix epoch ms. */
  readonly made: number;
}

type Cell = string | { readonly number: string };

export function reportHtml(data: ReportData, facts: ReportFacts): string {
  const { language } = facts;
  const { config, period, until, account, completeness, days } = data;
  const w = (name: Word) => word(name, language);
  const say = (text: Text) => (language === 'zh' ? (text.zh ?? text.en) : text.en);
  const date = new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', {
    timeZone: facts.timezone,
    dateStyle: 'medium',
    timeStyle: 'short',
  });
  const labels = days.map((day) => day.date.slice(8));
  const electric = config.circuits.filter(
    ({ fedBy, meter }) =>
      fedBy === undefined && config.meters.find(({ id }) => id === meter)?.carrier === 'electricity',
  );
  const daily = days.map(({ circuits }) =>
    electric.reduce<number | null>((sum, { id }) => {
      const quantity = circuits[id]?.quantity ?? null;
      return sum === null || quantity === null ? null : sum + quantity;
    }, 0),
  );
  const share = completeness.days.map(({ rows: [building] }) =>
    building?.share === undefined || building.share === null ? null : building.share * 100,
  );
  const limit = config.demandLimit?.kw;
  const charts = [
    electric.length === 0 ? '' : bars({ title: w('daily'), unit: 'kWh', labels, values: daily }),
    electric.length === 0
      ? ''
      : bars({
          title: w('peaks'),
          unit: 'kW',
          labels,
          values: days.map(({ peak }) => peak),
          ...(limit === undefined ? {} : { line: { value: limit, label: `${limit} kW` } }),
        }),
    bars({
      title: w('completeness'),
      unit: '%',
      labels,
      values: share,
      top: 105,
      line: {
        value: completeness.line * 100,
        label: `${w('line')} ${Math.round(completeness.line * 100)} %`,
      },
      digits: 1,
    }),
  ].join('');
  const node = (name: string, one: NodeAccount): readonly Cell[] => [
    name,
    { number: quantityText(one.quantity, one.atLeast) },
    symbol(one.unit),
    qualityWord(one.quality, language),
    { number: percent(one.completeness) },
  ];
  const nodeHead = (name: Word): readonly string[] => [
    w(name),
    w('quantity'),
    w('unit'),
    w('quality'),
    w('readings'),
  ];
  const title = `${say(config.title)} · ${w('report')} ${period.month}`;
  const sections = [
    section(
      w('overview'),
      table(
        nodeHead('carrier'),
        account.carriers.map((one) => node(carrierWord(one.carrier, language), one)),
      ) + charts,
    ),
    section(
      w('items'),
      table(
        nodeHead('item'),
        account.items.map((one) => node(`${one.id} ${say(one.title)}`, one)),
      ),
    ),
    section(w('findings'), findingsHtml(data, language)),
    section(w('bills'), data.bills.map((bill) => billHtml(bill, language, say)).join('')),
    section(
      w('branches'),
      table(
        [w('circuit'), w('main'), w('subs'), w('difference'), '%'],
        account.branches.map(({ title: name, main, subs, difference, share: part }) => [
          say(name),
          { number: figure(main) },
          { number: figure(subs) },
          { number: figure(difference) },
          { number: percent(part) },
        ]),
      ),
    ),
    section(
      w('circuits'),
      table(
        nodeHead('circuit'),
        account.circuits.map((one) => node(say(one.title), one)),
      ),
    ),
  ];
  return `<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${STYLE}</style></head>
<body><header><h1>${escaped(title)}</h1><p>${escaped(w('period'))}: ${escaped(date.format(period.from))} – ${escaped(date.format(period.to))} · ${escaped(until >= period.to ? w('final') : `${w('provisional')} ${date.format(until)}`)}${config.building === undefined ? '' : ` · ${escaped(config.building)}`}</p></header>
${sections.join('\n')}
<footer>${escaped(w('made'))} · ${escaped(date.format(facts.made))}</footer></body></html>
`;
}

function findingsHtml({ findings, config }: ReportData, language: Language): string {
  const w = (name: Word) => word(name, language);
  const say = (text: Text) => (language === 'zh' ? (text.zh ?? text.en) : text.en);
  if (findings.length === 0) return `<p>${escaped(w('none'))}</p>`;
  const titles = new Map(config.circuits.map(({ id, title }) => [id, title]));
  return table(
    [w('findings'), w('circuit'), w('since'), w('until'), w('stake'), w('advice'), w('evidence')],
    findings.map(({ check, branch, since, until, state, stake, unit, evidence }) => {
      const { title, advice } = wordsOf(check);
      return [
        say(title),
        say(titles.get(branch) ?? { en: branch }),
        since,
        state === 'open' ? w('open') : until,
        { number: stake === null ? '—' : `${figure(stake)} ${symbol(unit)}` },
        say(advice),
        Object.entries(evidence)
          .map(([name, value]) => `${say(evidenceLabel(name))} ${value}`)
          .join(language === 'zh' ? '；' : '; '),
      ];
    }),
  );
}

function billHtml(
  bill: ReportData['bills'][number],
  language: Language,
  say: (text: Text) => string,
): string {
  const w = (name: Word) => word(name, language);
  const lines = table(
    [w('bills'), w('circuit'), w('period'), w('quantity'), w('price'), w('amount')],
    [
      ...bill.lines.map(({ what, rate, meter, from, to, quantity, unit, price, amount }): readonly Cell[] => [
        `${lineWord(what, language)}${rate === undefined ? '' : ` · ${lineWord(rate, language)}`}`,
        meter,
        `${from} – ${to}`,
        { number: `${quantity} ${unit}` },
        { number: price },
        { number: amount },
      ]),
      [w('total'), '', '', '', '', { number: bill.total }],
    ],
  );
  const registers = table(
    [w('statement'), w('opening'), w('closing')],
    bill.statement.map(({ title, opening, closing }) => [
      say(title),
      { number: opening === null ? '—' : String(opening.value) },
      { number: closing === null ? '—' : String(closing.value) },
    ]),
  );
  const peaks = bill.demand.map(({ kw }) => `${w('demand')}: ${kw === null ? '—' : `${figure(kw)} kW`}`);
  const factors = bill.powerFactor.map(
    ({ factor, standard, adjustment }) =>
      `${w('powerFactor')}: ${factor ?? '—'} / ${standard}${adjustment === null ? '' : ` (${adjustment} %)`}`,
  );
  const state = bill.final ? w('final') : w('provisional');
  return `<h3>${escaped(say(bill.title))} · ${escaped(state)} · ${escaped(qualityWord(bill.quality, language))}</h3>${lines}<p>${escaped([...peaks, ...factors].join(' · '))}</p>${registers}`;
}

function section(title: string, body: string): string {
  return `<section><h2>${escaped(title)}</h2>${body}</section>`;
}

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cell = (one: Cell): string =>
    typeof one === 'string' ? `<td>${escaped(one)}</td>` : `<td class="n">${escaped(one.number)}</td>`;
  return `<table><thead><tr>${head.map((one) => `<th>${escaped(one)}</th>`).join('')}</tr></thead><tbody>${rows
    .map((row) => `<tr>${row.map(cell).join('')}</tr>`)
    .join('')}</tbody></table>`;
}

function figure(value: number | null): string {
  if (value === null) return '—';
  return value.toFixed(Math.abs(value) < 100 ? 2 : Math.abs(value) < 10_000 ? 1 : 0);
}

function quantityText(quantity: number | null, atLeast: number): string {
  return quantity === null ? `≥ ${figure(atLeast)}` : figure(quantity);
}

function percent(share: number | null): string {
  return share === null ? '—' : `${(100 * share).toFixed(1)} %`;
}

function symbol(unit: Unit): string {
  return UNITS[unit].symbol;
}

const STYLE = `@page{size:A4;margin:14mm}body{font:14px/1.45 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;color:#111;max-width:900px;margin:0 auto;padding:16px}
h1{font-size:22px;margin:0}h2{font-size:17px;border-bottom:1px solid #999;margin:22px 0 8px}h3{font-size:14px;margin:12px 0 4px}
table{border-collapse:collapse;width:100%;font-size:12px;margin:4px 0 10px}th,td{border-bottom:1px solid #ddd;text-align:left;padding:3px 6px;vertical-align:top}th{background:#f2f2f2}.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
figure{margin:10px 0;break-inside:avoid}figcaption{font-weight:600;font-size:12px}svg{width:100%}rect{fill:#2b6cb0}.grid{stroke:#e2e2e2}.across{stroke:#c53030;stroke-dasharray:6 4}.tick,.label,.words,.none{font-size:10px;fill:#444}.tick{text-anchor:end}.label,.none{text-anchor:middle}.words{text-anchor:end;fill:#c53030;paint-order:stroke;stroke:#fff;stroke-width:4px}
tr,h3{break-inside:avoid}h2{break-after:avoid}footer{margin-top:24px;color:#666;font-size:11px}@media print{body{padding:0;max-width:none}}`;
