/** A vision thread that says something and dies, for the supervision of real ones. */
import { parentPort, workerData } from 'node:worker_threads';

parentPort?.postMessage({ kind: 'ready' });
parentPort?.postMessage({
  kind: 'readings',
  readings: [
    { device: workerData.cameras[0].id, point: 'vehicles', value: 1, unit: '1', quality: 'good', time: 1 },
  ],
});
setTimeout(() => process.exit(7), 30);
