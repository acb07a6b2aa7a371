/** Raw frames of a device, each with what the decoder of its protocol says; the decoders are loaded when somebody looks. */
import type { FrameTaps } from '../bus/taps.ts';
import type { ExplainedFrame, TappedFrame } from '../core/frame-tap.ts';
import type { DeviceConfig, LineConfig, Site } from '../core/site.ts';
import type { AgentView } from '../core/view.ts';

/** What decoders call protocols where profiles say it otherwise. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  dlt645: ['dlt645-2007'],
  modem: ['at-modem'],
  nmea: ['nmea0183'],
  sps30: ['sensirion-sps30-shdlc'],
};

/** Lines whose bytes pass through the agent. */
const SEEN: readonly LineConfig['kind'][] = ['serial', 'tcp', 'dial-in', 'caller', 'udp', 'mqtt', 'http'];

export function frameWatch(
  site: () => Pick<Site, 'devices' | 'lines'>,
  taps: FrameTaps,
): NonNullable<AgentView['frames']> {
  return async (id, listener) => {
    const { devices, lines } = site();
    const device = devices.find((one) => one.id === id);
    const line = lines.find((one) => one.id === device?.line);
    if (device === undefined || line === undefined || !SEEN.includes(line.kind)) return undefined;
    const { decode } = await import('../cli/decoders.ts');
    const names = protocolsOf(device, line);
    const explained = (frame: TappedFrame): ExplainedFrame => {
      if (frame.bytes.length === 0) return frame;
      for (const name of names) {
        const decoded = decode(name, frame.bytes, frame.dir);
        if (decoded.ok || !/^protocol .* is not known/.test(decoded.error)) return { ...frame, decoded };
      }
      return frame;
    };
    return taps.add(id, (frame) => listener(explained(frame)));
  };
}

/** Names under which a decoder may know what this device speaks, the likeliest first. */
function protocolsOf({ profile, options }: DeviceConfig, line: LineConfig): readonly string[] {
  const { protocol, id } = profile;
  if (protocol === 'modbus') {
    const framing = options.framing;
    if (line.kind === 'tcp' && line.framing === 'modbus-tcp') return ['modbus-tcp'];
    return [framing === 'ascii' ? 'modbus-ascii' : 'modbus-rtu'];
  }
  return [id, protocol, ...(NAMES[protocol] ?? [])];
}
