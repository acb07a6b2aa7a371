/** What the vision thread and the agent say to each other. Pictures cross only as the answer to `preview`. */
import type { Mono, Reading } from '../core/reading.ts';
import type { AgentEvent } from '../core/record.ts';
import type { CameraConfig } from '../core/site.ts';
import type { Detection, HealthState } from '../core/view.ts';

/** `workerData` of the thread. */
export interface VisionOrders {
  readonly cameras: readonly CameraConfig[];
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

/** A preview whose time is still the monotonic one. */
export interface Shot {
  readonly jpeg: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly time: Mono;
  readonly detections: readonly Detection[];
}

/** Functions the thread serves. */
export type VisionCalls = {
  preview(camera: string): Promise<Shot | undefined>;
};
