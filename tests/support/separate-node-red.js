/**
 * A Node-RED of its own as somebody runs it on another machine: its own settings, no login, the palette installed as a
 * package. `node separate-node-red.js <userDir>`; prints its port.
 */
import { createServer } from 'node:http';
import RED from 'node-red';

const [userDir] = process.argv.slice(2);
const server = createServer((request, response) => RED.httpAdmin(request, response));
RED.init(server, {
  userDir,
  httpAdminRoot: '/',
  httpNodeRoot: false,
  functionExternalModules: false,
  telemetry: { enabled: false, updateNotification: false },
  editorTheme: { tours: false, projects: { enabled: false } },
  logging: { console: { level: 'off', metrics: false, audit: false } },
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
await RED.start();
const address = server.address();
console.log(typeof address === 'object' && address !== null ? address.port : 0);
process.stdin.on('end', () => process.exit(0)).resume();
