/** Shapes of logins, accounts and sessions. */
import { z } from 'zod';
import { DOORS } from '../access/door.ts';
import { LONGEST_PASSWORD, SHORTEST } from '../access/password.ts';
import { ROLES } from '../access/role.ts';
import { id, time } from './contract.ts';

/** Bounds are those of one request, not of a good password: that is told by a refusal with the reason. */
const password = z
  .string()
  .max(4 * LONGEST_PASSWORD)
  .meta({ description: `at least ${SHORTEST} characters; no rule says which` });

export const loginBody = z.strictObject({ name: id, password }).meta({ id: 'Login' });
export const person = z
  .object({ name: z.string(), role: z.enum(ROLES), created: time, changed: time })
  .meta({ id: 'Person' });
export const people = z.object({ people: z.array(person) }).meta({ id: 'People' });
export const personBody = z
  .strictObject({ name: id, role: z.enum(ROLES), password })
  .meta({ id: 'NewPerson' });
export const passwordBody = z.strictObject({ password }).meta({ id: 'NewPassword' });
export const ownPasswordBody = z.strictObject({ old: password, password }).meta({ id: 'OwnPassword' });

export const sessionRow = z
  .object({
    handle: z.string(),
    role: z.enum(ROLES),
    person: z.string().nullable(),
    door: z.enum(DOORS),
    address: z.string(),
    since: time,
    used: time,
    own: z.boolean().meta({ description: 'it is the session that asks' }),
  })
  .meta({ id: 'SessionRow' });
export const sessions = z.object({ sessions: z.array(sessionRow) }).meta({ id: 'Sessions' });
export const handle = z.strictObject({ handle: z.uuid() });
