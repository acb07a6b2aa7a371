/** Composition root of the uplink thread: the store's read side and the uplinks, on a port to main. */
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { earlierLogs } from '../../store/aside.ts';
import { hardwareId } from '../../store/identity.ts';
import { openAllPeriods } from '../../store/periods.ts';
import { openLogSource } from '../../store/reader.ts';
import { withoutBufferPool } from '../../uplink/mqtt/small-buffers.ts';
import { runUplinks } from '../../uplink/run.ts';
import { reportsPeriods, type ThreadData } from '../../uplink/thread-contract.ts';

const data: ThreadData = workerData;
if (parentPort !== null) {
  withoutBufferPool();
  const earlier = () => earlierLogs(dirname(data.logFile));
  // A connection of its own, and only where somebody reports periods.
  const byPeriod = data.configs.some(reportsPeriods);
  runUplinks(data, openLogSource(data.logFile), parentPort, {
    hardware: hardwareId(),
    earlier: { files: earlier, open: openLogSource },
    ...(byPeriod ? { periods: openAllPeriods(data.logFile, data.agent, earlier) } : {}),
  });
}
