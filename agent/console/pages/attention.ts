/** What wants to be looked at now: alarms that stand, parts that are ill, uplinks that are behind. Most urgent first. */
import type { ApiAlarm } from '../api/alarm-contract.ts';
import type { ApiLedger, ApiPart } from '../api/contract.ts';
import { formatCount, formatSpan, partName, say, t } from './i18n.ts';
import type { Mark } from './quality.ts';
import { agentNow, type State } from './state.ts';

export interface Attention {
  readonly key: string;
  readonly mark: Mark;
  readonly title: string;
  /** In a few words: `down`, `critical`. */
  readonly state: string;
  /** Unix epoch ms. */
  readonly since: number | undefined;
  readonly message: string | undefined;
  /** What to do. */
  readonly fix: string | undefined;
  /** Page where more is to be seen. */
  readonly to: string;
}

const STANDING: readonly string[] = ['unacknowledged', 'acknowledged', 'returned', 'latched'];
const PRIORITIES = ['critical', 'high', 'medium', 'low'] as const;
/** A backlog older than this is worth a word, ms. */
const BEHIND = 5 * 60_000;

export function attentions({ alarms, parts, ledgers }: State): readonly Attention[] {
  const standing = (alarms?.alarms ?? []).filter(({ status }) => STANDING.includes(status.state));
  const rank = ({ status }: ApiAlarm) =>
    PRIORITIES.indexOf(status.priority) + (status.state === 'unacknowledged' ? 0 : 10);
  const ill = (state: ApiPart['state']) =>
    [...parts.values()].filter((part) => part.state === state).sort((a, b) => a.since - b.since);
  return [
    ...standing.sort((a, b) => rank(a) - rank(b)).map(ofAlarm),
    ...ill('down').map(ofPart),
    ...ill('degraded').map(ofPart),
    ...ledgers.flatMap((ledger) => ofLedger(ledger, parts.get(`uplink:${ledger.uplink}`))),
  ];
}

function ofAlarm({ title, advice, status }: ApiAlarm): Attention {
  return {
    key: `alarm:${status.alarm}`,
    mark: status.state === 'unacknowledged' ? 'bad' : 'uncertain',
    title: say(title),
    state: `${t(`priority.${status.priority}`)}, ${t(`alarm_state.${status.state}`)}`,
    since: status.raised,
    message: undefined,
    fix: advice === undefined ? undefined : say(advice),
    to: '/alarms',
  };
}

function ofPart({ part, state, since, message, fix }: ApiPart): Attention {
  return {
    key: part,
    mark: state === 'down' ? 'bad' : 'uncertain',
    title: partName(part),
    state: t(`state.${state}`),
    since,
    message,
    fix,
    to: pageOf(part),
  };
}

function ofLedger({ uplink, backlog, oldest }: ApiLedger, part: ApiPart | undefined): Attention[] {
  if (oldest === undefined || agentNow() - oldest < BEHIND || part?.state === 'down') return [];
  return [
    {
      key: `behind:${uplink}`,
      mark: 'uncertain',
      title: partName(`uplink:${uplink}`),
      state: t('attention.behind'),
      since: oldest,
      message: t('attention.backlog', { n: formatCount(backlog), age: formatSpan(agentNow() - oldest) }),
      fix: t('attention.backlog_fix'),
      to: '/uplinks',
    },
  ];
}

/** Page of a part. */
export function pageOf(part: string): string {
  const [kind = '', id = ''] = part.split(':');
  switch (kind) {
    case 'device':
    case 'meter':
    case 'maintenance':
      return id === '' ? '/points' : `/devices/${id}`;
    case 'line':
      return '/lines';
    case 'camera':
    case 'vision':
      return '/cameras';
    case 'uplink':
      return '/uplinks';
    case 'sign':
    case 'content':
      return '/sign';
    case 'node-red':
      return '/node-red';
    case 'energy':
      return '/energy';
    default:
      return '/';
  }
}
