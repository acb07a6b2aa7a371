/** Says that the agent does not answer, since when, and that what is seen are its last values. */
import { html } from 'htm/preact';
import { formatAge, formatClock, t } from './i18n.ts';
import { again } from './live.ts';
import { lastHeard, type State, use, useTick } from './state.ts';

const connection = (state: State) => state.connection;

/** Nothing while it answers. */
export function OutOfReach() {
  const state = use(connection);
  useTick(1000);
  if (state !== 'lost') return null;
  const last = lastHeard();
  return html`<section class="out-of-reach" role="alert">
    <p><b>${t('lost.title')}</b>
      ${' '}<span>${t('lost.since', { time: formatClock(last), age: formatAge(last) })}</span></p>
    <p>${t('lost.old')}</p>
    <button onClick=${again}>${t('lost.again')}</button>
  </section>`;
}
