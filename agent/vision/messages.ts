/** What the vision thread and the agent say to each other. Pictures cross only as the answer to `preview`. */

import type { Mono, Reading } from '../core/reading.ts';
import type { AgentEvent } from '../core/record.ts';
import type { CameraConfig } from '../core/site.ts';
import type { ClockMapping } from '../core/time/clock.ts';
import type { Detection, HealthState } from '../core/view.ts';

/** `workerData` of the thread. */
export interface VisionOrders {
  readonly cameras: readonly CameraConfig[];
  /** State folder: added models, sums of open intervals. */
  readonly state: string;
  /** The log, to know which sums have reached it. */
  readonly logFile: string;
  /** File of the crash mark. */
  readonly crashMark: string;
  /** In force when the thread started. */
  readonly mapping: ClockMapping;
}

export interface CameraHealth {
  readonly camera: string;
  readonly state: HealthState;
  readonly message?: string;
  readonly fix?: string;
  readonly facts: Readonly<Record<string, number | string | boolean | null>>;
}

export type VisionMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'fault'; readonly message: string; readonly fix: string | undefined }
  | { readonly kind: 'readings'; readonly readings: readonly Reading[] }
  | { readonly kind: 'event'; readonly event: AgentEvent }
  | { readonly kind: 'health'; readonly health: CameraHealth };

/** What was found in a frame, in its pixels; the time is still the monotonic one. */
export interface Boxes {
  readonly width: number;
  readonly height: number;
  readonly time: Mono;
  readonly detections: readonly Detection[];
}

/** The same with the picture. */
export interface Shot extends Boxes {
  readonly jpeg: Uint8Array;
}

/** Functions the thread serves. */
export type VisionCalls = {
  /** `blur` false shows faces as they are. */
  preview(camera: string, blur: boolean): Promise<Shot | undefined>;
  boxes(camera: string): Promise<Boxes | undefined>;
};
