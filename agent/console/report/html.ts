/** The report of the commissioning as one page that prints: no script, nothing from elsewhere, everything escaped. Pure. */
import type {
  AcceptanceReport,
  AcceptanceTest,
  ReportDevice,
  ReportPoint,
  TestFact,
} from '../../core/acceptance.ts';
import { UNITS, type Unit } from '../../core/unit.ts';
import {
  factWord,
  faultWord,
  kindWord,
  type ReportLanguage,
  stateWord,
  textOf,
  type Word,
  word,
} from './words.ts';

export function reportHtml(report: AcceptanceReport, language: ReportLanguage): string {
  const { site, agent, made, by, name, versions, revision, devices, tests, uplinks } = report;
  const w = (key: Word) => word(key, language);
  const time = (at: number) =>
    new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : 'zh-CN', {
      timeZone: site.timezone,
      dateStyle: 'medium',
      timeStyle: 'medium',
    }).format(at);
  const title = `${textOf(site.title, language)} · ${w('title')}`;
  const points = devices.flatMap((device) => device.points);
  const read = points.filter(({ quality }) => quality === 'good').length;
  const passed = tests.filter(({ state }) => state === 'passed').length;
  const open = tests.filter(({ state }) => state === 'not-done').length;
  const { lat, lon, datum } = site.position;
  const facts = [
    [w('site'), `${textOf(site.title, language)} (${site.id})`],
    [w('agent'), agent],
    [w('position'), `${lat}, ${lon} (${datum})`],
    [w('made'), `${time(made)} (${site.timezone})`],
    [w('by'), name === undefined ? by : `${name} (${by})`],
    [w('versions'), `Kerbside ${versions.kerbside} · Node ${versions.node}`],
    [w('system'), versions.system],
    ...(versions.models.length === 0 ? [] : [[w('models'), versions.models.join(', ')]]),
    ...(revision === undefined ? [] : [[w('revision'), revision]]),
    [
      w('summary'),
      `${read}/${points.length} ${w('points_good')} · ${passed}/${tests.length} ${w('tests_passed')}${open === 0 ? '' : ` · ${open} ${w('not_done')}`}`,
    ],
  ];
  const sections = [
    section(
      w('tests'),
      tests.length === 0 ? `<p>${escaped(w('nothing'))}</p>` : testsTable(tests, language, time),
    ),
    section(
      w('uplinks'),
      table(
        [w('uplink'), w('connected'), w('stored'), w('acknowledged'), w('backlog')],
        uplinks.map((one) => [
          one.uplink,
          w(one.connected ? 'yes' : 'no'),
          String(one.stored),
          String(one.acknowledged),
          String(one.backlog),
        ]),
      ),
    ),
    section(w('devices'), devices.map((device) => deviceTable(device, language, time)).join('')),
  ];
  return `<!doctype html>
<html lang="${language === 'en' ? 'en' : 'zh-CN'}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${STYLE}</style></head>
<body><header><h1>${escaped(title)}</h1><dl>${facts.map(([key = '', value = '']) => `<div><dt>${escaped(key)}</dt><dd>${escaped(value)}</dd></div>`).join('')}</dl></header>
${sections.join('\n')}
<section class="sign">${(['technician', 'accepted'] as const).map((key) => `<div><p>${escaped(w(key))}</p><p class="rule"></p><p class="small">${escaped(w('signature'))}</p></div>`).join('')}</section>
</body></html>
`;
}

function testsTable(
  tests: readonly AcceptanceTest[],
  language: ReportLanguage,
  time: (at: number) => string,
): string {
  const w = (key: Word) => word(key, language);
  const rows = tests.map((test) => {
    const { kind, title, state, facts, fault, detail, ended, name, by } = test;
    const seen = facts.map((fact) => factText(fact, language));
    if (fault !== undefined)
      seen.push([faultWord(fault, language), detail].filter((text) => text !== undefined).join(': '));
    const who = [name, by].filter((text) => text !== undefined).join(', ');
    return `<tr class="${state}"><td>${escaped(kindWord(kind, language))}<br><small>${escaped(textOf(title, language))}</small></td><td class="state">${escaped(stateWord(state, language))}</td><td>${seen.map(escaped).join('<br>')}</td><td>${escaped(ended === undefined ? '' : time(ended))}<br><small>${escaped(who)}</small></td></tr>`;
  });
  return `<table>${head([w('test'), w('result'), w('seen'), w('when')])}<tbody>${rows.join('')}</tbody></table>`;
}

function factText({ what, of, value, unit }: TestFact, language: ReportLanguage): string {
  const shown =
    value === null
      ? ''
      : typeof value === 'boolean'
        ? word(value ? 'yes' : 'no', language)
        : `${value}${unit === undefined ? '' : ` ${symbol(unit)}`}`;
  return [of, factWord(what, language), shown].filter((text) => text !== undefined && text !== '').join(' ');
}

function deviceTable(device: ReportDevice, language: ReportLanguage, time: (at: number) => string): string {
  const w = (key: Word) => word(key, language);
  const { title, device: id, brand, model, asset, line, address, profile, hash, points } = device;
  const place = [
    `${brand} ${model}`,
    ...(line === undefined ? [] : [`${w('line')} ${line}`]),
    ...(address === undefined ? [] : [`${w('address')} ${address}`]),
    ...(asset === undefined ? [] : [asset]),
    ...(profile === undefined ? [] : [`${w('profile')} ${profile}`]),
    hash,
  ].join(' · ');
  const rows = points.map((point) => [
    textOf(point.title, language),
    valueText(point, language),
    symbol(point.unit),
    qualityText(point, language),
    point.time === undefined ? '' : time(point.time),
  ]);
  return `<h3>${escaped(textOf(title, language))} <small>${escaped(id)}</small></h3><p class="small">${escaped(place)}</p>${table([w('point'), w('value'), w('unit'), w('quality'), w('when')], rows)}`;
}

function valueText({ value, decimals, states }: ReportPoint, language: ReportLanguage): string {
  if (value === null) return '—';
  const state = states?.[String(value)];
  if (state !== undefined) return textOf(state, language);
  if (typeof value === 'boolean') return word(value ? 'yes' : 'no', language);
  if (typeof value === 'string') return value;
  return decimals === undefined ? String(Number(value.toPrecision(6))) : value.toFixed(decimals);
}

function qualityText({ quality, reason }: ReportPoint, language: ReportLanguage): string {
  const words = word(quality ?? 'never', language);
  return reason === undefined ? words : `${words} (${reason})`;
}

function section(title: string, body: string): string {
  return `<section><h2>${escaped(title)}</h2>${body}</section>`;
}

function head(cells: readonly string[]): string {
  return `<thead><tr>${cells.map((cell) => `<th>${escaped(cell)}</th>`).join('')}</tr></thead>`;
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const body = rows
    .map((row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`)
    .join('');
  return `<table>${head(titles)}<tbody>${body}</tbody></table>`;
}

function symbol(unit: Unit): string {
  return UNITS[unit]?.symbol ?? unit;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char);
}

const STYLE = `@page{size:A4;margin:14mm}body{font:14px/1.45 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;color:#111;background:#fff;max-width:900px;margin:0 auto;padding:16px}
h1{font-size:22px;margin:0 0 8px}h2{font-size:17px;border-bottom:1px solid #999;margin:22px 0 8px}h3{font-size:14px;margin:14px 0 2px}small,.small{color:#555;font-size:11px;font-weight:400}p{margin:2px 0}
dl{margin:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(260px,1fr));gap:2px 18px}dl div{display:flex;gap:8px}dt{color:#555;min-width:7em}dd{margin:0;font-weight:600;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:12px;margin:4px 0 10px}th,td{border-bottom:1px solid #ddd;text-align:left;padding:3px 6px;vertical-align:top;overflow-wrap:anywhere}th{background:#f2f2f2}td:nth-child(2){font-variant-numeric:tabular-nums}
.state{font-weight:700}.passed .state{color:#1d6b3e}.failed .state{color:#b5271d}.not-done .state{color:#8a5a00}
.sign{display:grid;grid-template-columns:1fr 1fr;gap:40px;margin-top:40px;break-inside:avoid}.rule{border-bottom:1px solid #111;height:46px}
tr,h3{break-inside:avoid}h2,h3{break-after:avoid}@media print{body{padding:0;max-width:none}th{background:none}}`;
