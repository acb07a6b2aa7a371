/** How Node-RED is set up on a gateway: a gateway's flows are configuration, not an app store. */

/** Longest work of a function node on one message before Node-RED breaks it off, s. */
const FUNCTION_S = 3;

/**
 * No exec node, no downloads, no telemetry, no projects.
 *
 * @param {import('./main.js').Start} options
 * @param {import('./tickets.js').Tickets} tickets
 * @param {object} storage
 * @param {(id: string) => void} onTimeout told the id of a function node that was broken off
 */
export function settings(options, tickets, storage, onTimeout) {
  return {
    userDir: options.userDir,
    storageModule: storage,
    nodesDir: options.nodesDir,
    nodesExcludes: ['90-exec.js'],
    credentialSecret: options.secret,
    httpAdminRoot: '/',
    httpNodeRoot: false,
    safeMode: options.safe,
    globalFunctionTimeout: FUNCTION_S,
    adminAuth: {
      type: 'strategy',
      strategy: tickets.strategy(),
      // Who came with a ticket may edit flows; the name is for the list of versions.
      users: async (/** @type {string} */ username) => ({ username, permissions: '*' }),
    },
    httpAdminCookieOptions: { name: 'kerbside-flows', sameSite: 'strict' },
    externalModules: {
      autoInstall: false,
      palette: { allowInstall: false, allowUpload: false },
      modules: { allowInstall: false },
    },
    functionExternalModules: false,
    telemetry: { enabled: false, updateNotification: false },
    diagnostics: { enabled: false },
    editorTheme: {
      page: { title: 'Kerbside flows' },
      header: { title: 'Kerbside flows' },
      tours: false,
      projects: { enabled: false },
      palette: { categories: ['kerbside', 'common', 'function', 'network', 'sequence', 'parser', 'storage'] },
    },
    logging: {
      console: { level: 'warn', metrics: false, audit: false },
      timeouts: {
        level: 'error',
        metrics: false,
        audit: false,
        handler:
          () =>
          (/** @type {{msg?: unknown, id?: string, type?: string}} */ { msg, id, type }) => {
            const text = String(/** @type {{message?: string} | undefined} */ (msg)?.message ?? msg);
            if (type === 'function' && id !== undefined && text.includes('Script execution timed out'))
              onTimeout(id);
          },
      },
    },
    kerbside: options.agent,
  };
}
