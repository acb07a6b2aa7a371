/** What is logged, most first. Apart from the log itself, so that the command line is known before it is loaded. */
export const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type Level = (typeof LEVELS)[number];
