/** What is used of Node-RED's embedding interface (https://nodered.org/docs/user-guide/runtime/embedding). */
declare module 'node-red' {
  import type { IncomingMessage, Server, ServerResponse } from 'node:http';

  interface NodeRed {
    init(server: Server, settings: object): void;
    start(): Promise<void>;
    stop(): Promise<void>;
    readonly httpAdmin: (request: IncomingMessage, response: ServerResponse) => void;
  }
  const RED: NodeRed;
  export default RED;
}
