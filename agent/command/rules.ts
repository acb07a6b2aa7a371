/** Rules of the site on commands: what must not be written now, and who may command what. */
import type { Command } from '../core/command.ts';
import { holds } from '../core/condition.ts';
import type { Subscription } from '../core/hub.ts';
import { glob } from '../core/pattern.ts';
import type { TenantConfig } from '../core/pole.ts';
import type { CommandRight, Interlock } from '../core/site.ts';

/** Gives why a write must not be made now, or undefined. An interlock whose condition cannot be read locks. */
export function interlocks(
  list: readonly Interlock[],
  hub: Pick<Subscription, 'latest'>,
): (write: Pick<Command, 'device' | 'point' | 'value'>) => string | undefined {
  return ({ device, point, value }) =>
    list.find(
      (lock) =>
        lock.device === device &&
        lock.point === point &&
        (lock.value === undefined || lock.value === value) &&
        !holds(hub, lock.onlyWhile),
    )?.reason;
}

/** Gives why an issuer may not command a point, or undefined. Without rights everybody may who got this far. */
export function rights(list: readonly CommandRight[] | undefined): (command: Command) => string | undefined {
  if (list === undefined) return () => undefined;
  const allowed = list.map(({ issuer, device, point }) => [glob(issuer), glob(device), glob(point)] as const);
  return ({ issuer, device, point }) =>
    // What controllers want is the site's own will.
    issuer.startsWith('control:') ||
    allowed.some(([who, where, what]) => who.test(issuer) && where.test(device) && what.test(point))
      ? undefined
      : `${issuer} may not command ${device} ${point}`;
}

/**
 * Gives why a tenant's issuer may not command a point, or undefined: whoever commands for a tenant commands its own things
 * and nothing else. Issuers of no tenant are not looked at here.
 */
export function tenantScope(
  tenants: readonly Pick<TenantConfig, 'id' | 'issuers' | 'commands'>[],
): (command: Pick<Command, 'issuer' | 'device' | 'point'>) => string | undefined {
  const scopes = tenants.map(({ id, issuers, commands }) => ({
    id,
    issuers: issuers.map(glob),
    commands: commands.map(({ device, point }) => [glob(device), glob(point)] as const),
  }));
  return ({ issuer, device, point }) => {
    const own = scopes.filter(({ issuers }) => issuers.some((pattern) => pattern.test(issuer)));
    if (own.length === 0) return undefined;
    const may = own.some(({ commands }) =>
      commands.some(([where, what]) => where.test(device) && what.test(point)),
    );
    return may ? undefined : `${issuer} commands for ${own[0]?.id}, and ${device} ${point} is not its own`;
  };
}
