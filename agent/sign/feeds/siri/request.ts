/** The question to a centre of SIRI Stop Monitoring: what comes at these stops (CEN/TS 15531-3, StopMonitoringRequest). */

export interface SiriQuestion {
  /** Who asks, as agreed with the centre. */
  readonly requestor: string;
  readonly stops: readonly string[];
  /** Unix epoch ms. */
  readonly now: number;
  /** How far ahead, ms. */
  readonly horizon: number;
  /** Of each stop at most. */
  readonly visits: number;
}

/** A ServiceRequest of SIRI 2.0 as UTF-8. */
export function siriRequest({ requestor, stops, now, horizon, visits }: SiriQuestion): Uint8Array {
  const time = new Date(now).toISOString();
  const minutes = Math.max(1, Math.round(horizon / 60_000));
  const parts = stops.map(
    (stop, index) =>
      `<StopMonitoringRequest version="2.0"><RequestTimestamp>${time}</RequestTimestamp>` +
      `<MessageIdentifier>${now}-${index}</MessageIdentifier><PreviewInterval>PT${minutes}M</PreviewInterval>` +
      `<MonitoringRef>${escaped(stop)}</MonitoringRef><MaximumStopVisits>${visits}</MaximumStopVisits>` +
      '</StopMonitoringRequest>',
  );
  return new TextEncoder().encode(
    '<?xml version="1.0" encoding="UTF-8"?><Siri xmlns="http://www.siri.org.uk/siri" version="2.0"><ServiceRequest>' +
      `<RequestTimestamp>${time}</RequestTimestamp><RequestorRef>${escaped(requestor)}</RequestorRef>` +
      `${parts.join('')}</ServiceRequest></Siri>`,
  );
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, ' ');
}
