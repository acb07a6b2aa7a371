/** Accounts of people, and the sessions that stand. */
import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import { RoleChoice, submitted } from './access-forms.ts';
import { get, post, remove } from './api.ts';
import { formatMoment, t } from './i18n.ts';
import type { Run } from './work.ts';

type Role = 'viewer' | 'technician' | 'administrator';

interface Person {
  readonly name: string;
  readonly role: Role;
  readonly changed: number;
}

interface Session {
  readonly handle: string;
  readonly role: Role;
  readonly person: string | null;
  readonly door: 'local' | 'remote' | 'service';
  readonly address: string;
  readonly used: number;
  readonly own: boolean;
}

interface Shared {
  readonly run: Run;
  /** Counts what was done: the lists are asked for anew. */
  readonly round: number;
}

export function PeopleSection({ run, round }: Shared) {
  const [people, setPeople] = useState<readonly Person[]>([]);
  useEffect(() => {
    get<{ people: Person[] }>('/people').then(
      ({ people: list }) => setPeople(list),
      () => {},
    );
  }, [round]);
  const add = (form: FormData) =>
    run(() =>
      post('/people', { name: form.get('name'), role: form.get('role'), password: form.get('password') }),
    );
  return html`<section class="card" aria-labelledby="people-title">
    <h2 id="people-title">${t('access.people')}</h2>
    <p class="note">${t('access.people_text')}</p>
    <form class="row" onSubmit=${submitted(add)}>
      <input name="name" required pattern="[A-Za-z0-9_\\-]{1,64}" autocomplete="off" placeholder=${t('access.name')} aria-label=${t('access.name')} />
      <input name="password" type="password" required minlength="12" autocomplete="new-password" placeholder=${t('login.password')} aria-label=${t('login.password')} />
      <${RoleChoice} /> <button class="primary" type="submit">${t('access.add')}</button>
    </form>
    <ul class="tokens">
      ${people.map(
        ({ name, role, changed }) => html`<li key=${name}>
          <b>${name}</b> <span>${t(`role.${role}`)} · ${t('access.password_of', { time: formatMoment(changed) })}</span>
          <button class="quiet" onClick=${() => run(() => remove(`/people/${name}`))}>${t('access.remove')}</button>
        </li>`,
      )}
    </ul>
  </section>`;
}

export function SessionsSection({ run, round }: Shared) {
  const [sessions, setSessions] = useState<readonly Session[]>([]);
  useEffect(() => {
    get<{ sessions: Session[] }>('/sessions').then(
      ({ sessions: list }) => setSessions(list),
      () => {},
    );
  }, [round]);
  return html`<section class="card" aria-labelledby="sessions-title">
    <h2 id="sessions-title">${t('access.sessions')}</h2>
    <ul class="tokens">
      ${sessions.map(
        ({ handle, role, person, door, address, used, own }) => html`<li key=${handle}>
          <b>${person ?? t(`role.${role}`)}</b>
          <span>${person !== null && `${t(`role.${role}`)} · `}${t(`door.${door}`)} · ${address} · ${formatMoment(used)}</span>
          ${
            own
              ? html`<i>${t('access.own')}</i>`
              : html`<button class="quiet" onClick=${() => run(() => remove(`/sessions/${handle}`))}>${t('access.end')}</button>`
          }
        </li>`,
      )}
    </ul>
  </section>`;
}
