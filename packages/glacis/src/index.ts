/**
 * The library of the command line: all of @glacis/core, with what belongs to Node.js — the runtime and
 * the data readers.
 */
export * from '@glacis/core';
export { nodeRuntime, type NodeRuntimeOptions, wasmRuntime } from './runtime/node.ts';
export { type Device, devices } from './runtime/device.ts';
export { type DataSet, readData, type ReadOptions } from './data/read.ts';
export { fitToModel } from './data/fit.ts';
export { checkModel, type CheckOptions, type CheckResult } from './inspect/check.ts';
export { feedsOf, type Layout, layoutOf, randomPoints } from './inspect/points.ts';
export { type ModelFile, type ModelFlags, openModelFile } from './run/model-file.ts';
export { usualSizes } from './run/open-sizes.ts';
export { UsageError } from './errors.ts';
export { readNpz, writeNpz, type Npz } from './data/npz.ts';
export {
  type GalleryItem,
  type PlanePicture,
  renderReport,
  type ReportInput,
} from './report/report.ts';
export { renderSummary } from './report/terminal.ts';
export { version } from './version.ts';
