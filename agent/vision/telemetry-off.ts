/**
 * ONNX Runtime 1.29 and later reports its use to its maker over the network, with a device id on disk, unless
 * `ORT_DISABLE_TELEMETRY=1` stands in the environment of the process before the library starts
 * (microsoft/onnxruntime pull request 27379). An agent that promises that only counts leave must not do that.
 *
 * Imported before the library, and by the main thread before it starts a thread: only there does `process.env` reach
 * the environment that native code reads. A thread's is a copy.
 */
process.env.ORT_DISABLE_TELEMETRY = '1';
