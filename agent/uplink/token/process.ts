/**
 * A process of its own for one TLS connection whose private key lies in a token: plain bytes on one side, TLS on the other.
 * Apart from the agent because libraries of tokens are foreign code that may hang or crash, and because OpenSSL's engine
 * never finds a token again that was pulled out while its process ran.
 */
import { Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { connect, createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { DATA_FD, type Failure, type Order, type Report } from './contract.ts';

/** Longest wait for what was written last, ms. */
const LAST_WORDS = 1000;

let failed = false;

process.once('message', (order: Order) => hold(order));
// The agent is gone, whatever became of it.
process.once('disconnect', () => setTimeout(() => process.exit(0), LAST_WORDS));

function hold({ host, port, engine, key, cert, ca, proofEvery }: Order): void {
  let context: SecureContext;
  try {
    context = createSecureContext({
      privateKeyEngine: engine,
      privateKeyIdentifier: key,
      cert,
      ...(ca === undefined ? {} : { ca }),
    });
  } catch (thrown) {
    end({ say: 'no-key', ...failure(thrown) });
    return;
  }
  // Verified as every other uplink is: Node's own check of chain, dates and name. `host` may be an address.
  const far = connect({ host, port, secureContext: context, rejectUnauthorized: true, ...nameOf(host) });
  far.setKeepAlive(true, 15_000);
  far.setNoDelay(true);
  far.once('error', (error) =>
    end({ say: /PKCS#11/.test(error.message) ? 'no-key' : 'no-link', ...failure(error) }),
  );
  far.once('secureConnect', () => {
    const near = new Socket({ fd: DATA_FD, readable: true, writable: true });
    near.once('error', () => far.destroy());
    near.once('close', () => far.end());
    far.once('close', () => {
      // Whoever reads the pipe has to hear the reason before the end.
      if (failed) return;
      near.end();
      near.once('finish', () => process.exit(0));
      setTimeout(() => process.exit(0), LAST_WORDS);
    });
    near.pipe(far);
    far.pipe(near);
    tell({ say: 'up', validTo: far.getPeerCertificate().valid_to });
    setInterval(() => {
      prove(context, (error) => {
        if (error !== undefined) end({ say: 'no-key', ...failure(error) });
      });
    }, proofEvery).unref();
  });
}

/** A handshake within this process, with the token's key on one side of it. `done` once. */
function prove(secureContext: SecureContext, done: (error?: Error) => void): void {
  const [one, other] = duplexPair();
  const signer = new TLSSocket(one as unknown as Socket, { isServer: true, secureContext });
  // Nobody else can be at the other end of it.
  const asker = connect({ socket: other as unknown as Socket, rejectUnauthorized: false });
  let open = true;
  const settle = (error?: Error) => {
    if (!open) return;
    open = false;
    signer.destroy();
    asker.destroy();
    done(error);
  };
  signer.on('error', settle);
  // What it got is what the signer says of it; that comes first.
  asker.on('error', (error) => setImmediate(() => settle(error)));
  asker.once('secureConnect', () => settle());
}

function nameOf(host: string): { readonly servername?: string } {
  // RFC 6066 §3: an address is no name.
  return /^[\d.]+$|:/.test(host) ? {} : { servername: host };
}

function failure(thrown: unknown): Failure {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return { code, message: error.message };
}

function tell(report: Report): void {
  if (process.connected) process.send?.(report);
}

/** The agent ends the process once it has heard; where it does not, the process ends by itself. */
function end(report: Report): void {
  if (failed) return;
  failed = true;
  tell(report);
  setTimeout(() => process.exit(1), LAST_WORDS);
}
