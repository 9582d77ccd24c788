/** Where a run took place, as far as it can matter to its numbers. */
import { cpus } from 'node:os';

export function environmentOf(runtime: string): Readonly<Record<string, string>> {
  return {
    'Node.js': process.versions.node,
    'ONNX Runtime': runtime,
    Platform: `${process.platform} ${process.arch}`,
    Processor: cpus()[0]?.model.trim() || 'unknown',
  };
}
