/** What can be done to an alarm in its state, as buttons. */
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { ApiAlarm, ApiSosTest } from '../api/alarm-contract.ts';
import { post } from './api.ts';
import { type Key, t } from './i18n.ts';
import { loadAlarms } from './live.ts';

export interface Person {
  readonly name: string;
  readonly note: string;
}

/** An alarm is shelved for as long as it may be, but not for longer than this without being chosen anew, s. */
const SHELF = 3600;

export interface ActionParts {
  readonly alarm: ApiAlarm;
  readonly person: Person;
  readonly onFailed: (why: string) => void;
}

export function AlarmActions({ alarm, person, onFailed }: ActionParts) {
  const [busy, setBusy] = useState(false);
  const { status, shelving_s: shelving } = alarm;
  const run = async (work: () => Promise<string>) => {
    setBusy(true);
    try {
      onFailed(await work());
    } catch (thrown) {
      onFailed(thrown instanceof Error ? thrown.message : String(thrown));
    }
    await loadAlarms().catch(() => {});
    setBusy(false);
  };
  const act =
    (name: string, more: object = {}) =>
    () =>
      run(async () => {
        if (person.name.trim() === '') return t('alarms.name_missing');
        const note = person.note.trim();
        const body = { act: name, name: person.name.trim(), ...(note === '' ? {} : { note }), ...more };
        await post(`/alarms/${status.alarm}/acts`, body);
        return '';
      });
  const test = () =>
    run(async () => {
      const { ok, failed } = await post<ApiSosTest>(`/sos/${status.alarm}/test`);
      return ok ? '' : `${t('alarms.test_failed')}: ${failed.join('; ')}`;
    });
  const button = (key: Key, onClick: () => void, primary = false) =>
    html`<button class=${primary ? 'primary' : 'quiet'} disabled=${busy} onClick=${onClick}>
      ${t(key)} <span class="aloud">${status.alarm}</span>
    </button>`;
  const { state } = status;
  const unseen = state === 'unacknowledged' || state === 'returned';
  const silent = state === 'shelved' || state === 'out-of-service';
  return html`<p class="row">
    ${unseen && button('alarms.acknowledge', act('acknowledge'), true)}
    ${status.latched === true && !status.active && button('alarms.reset', act('reset'))}
    ${!silent && state !== 'normal' && shelving > 0 && button('alarms.shelve', act('shelve', { for_s: Math.min(SHELF, shelving) }))}
    ${state === 'shelved' && button('alarms.unshelve', act('unshelve'))}
    ${!silent && button('alarms.take_out', act('out-of-service'))}
    ${state === 'out-of-service' && button('alarms.take_in', act('in-service'))}
    ${alarm.button && state === 'normal' && button('alarms.test', test)}
  </p>`;
}
