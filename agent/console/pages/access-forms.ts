/** Pieces of the forms of the access page. */
import { html } from 'htm/preact';
import { t } from './i18n.ts';

const ROLES = ['viewer', 'technician', 'administrator'] as const;

export function RoleChoice() {
  return html`<select name="role" aria-label=${t('access.role')}>
    ${ROLES.map((role) => html`<option value=${role} selected=${role === 'technician'}>${t(`role.${role}`)}</option>`)}
  </select>`;
}

/** A handler that gives what was filled in, and empties the fields when it was taken. */
export function submitted(take: (form: FormData) => Promise<boolean>): (event: Event) => void {
  return (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    if (form instanceof HTMLFormElement) void take(new FormData(form)).then((taken) => taken && form.reset());
  };
}
