/**
 * How the agent is started where memory is dear, as the service unit of a gateway does: small young generations (an
 * agent makes little garbage at a time) and two malloc arenas (one per thread would keep what none of them needs).
 * Measured in bench/README.md, "memory".
 */
export const AGENT_FLAGS: readonly string[] = ['--max-semi-space-size=2'];
export const AGENT_ENV: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '2' };
