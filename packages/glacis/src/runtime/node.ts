/**
 * ONNX Runtime in Node.js: the native package, or its WebAssembly build where the native one cannot be
 * loaded. Accelerators serve the search only: the judge and the bounds stay on the CPU.
 */
import { Builder, ortRuntime, type Runtime, writeModel } from '@glacis/core';
import { messageOf, UsageError } from '../errors.ts';
import type { Device, OpenRuntime } from './device.ts';
import { type LoadedOrt, type Loaders, loaders } from './load.ts';

export interface NodeRuntimeOptions {
  readonly device?: Device;
  /** Threads of one session; 1 by default. */
  readonly threads?: number;
  /** Told once when the WebAssembly build takes over; by default a process warning. */
  readonly onNote?: (note: string) => void;
  /** What loads the packages. */
  readonly loaders?: Loaders;
}

/** A runtime that is loaded by its first session. Sessions throw UsageError for a missing device. */
export function nodeRuntime(options: NodeRuntimeOptions = {}): Runtime {
  const { onNote = (note) => process.emitWarning(note) } = options;
  let opened: Promise<OpenRuntime> | null = null;
  let name = `ONNX Runtime (${options.device ?? 'cpu'})`;
  const open = async (): Promise<OpenRuntime> => {
    const found = await openRuntime(options);
    name = found.runtime.name;
    found.notes.forEach(onNote);
    return found;
  };
  return {
    get name() {
      return name;
    },
    session: async (bytes, sessionOptions) => {
      opened ??= open();
      return (await opened).runtime.session(bytes, sessionOptions);
    },
  };
}

/** The WebAssembly build, as in a browser: slower, but it runs everywhere. */
export function wasmRuntime(options: Omit<NodeRuntimeOptions, 'device'> = {}): Runtime {
  return nodeRuntime({ ...options, device: 'wasm' });
}

/** Loads what the device needs. Throws UsageError when there is no such device here. */
export async function openRuntime(options: NodeRuntimeOptions = {}): Promise<OpenRuntime> {
  const { device = 'cpu', threads = 1, loaders: load = loaders } = options;
  if (device === 'wasm') return { runtime: wasmOver(await load.wasm()), notes: [] };
  let ort: LoadedOrt;
  try {
    ort = await load.native();
  } catch (error) {
    const reason = messageOf(error).split('\n')[0] ?? '';
    if (device !== 'cpu') throw missing(device, `onnxruntime-node cannot be loaded: ${reason}`);
    const note = `onnxruntime-node cannot be loaded (${reason}); its WebAssembly build is used instead, which is slower.`;
    return { runtime: wasmOver(await load.wasm()), notes: [note] };
  }
  // What goes wrong is thrown as well; the log would only say it twice.
  ort.env.logLevel = 'fatal';
  const version = ort.env.versions.node ?? ort.env.versions.common;
  const name = (provider: string): string => `onnxruntime-node ${version} (${provider})`;
  const cpu = { name: name('cpu'), threads, writesInto: true };
  if (device === 'cpu') return { runtime: ortRuntime(ort, cpu), notes: [] };
  if (!ort.listSupportedBackends?.().some((backend) => backend.name === device)) {
    throw missing(
      device,
      `onnxruntime-node has no ${device} on ${process.platform}-${process.arch}`,
    );
  }
  // TF32 would round a search's float32 to 10 bits.
  const provider = device === 'cuda' ? { name: device, use_tf32: 0 } : { name: device };
  const accelerator = ortRuntime(ort, {
    name: name(device),
    threads,
    executionProviders: [provider],
  });
  await probe(accelerator, device);
  return {
    runtime: ortRuntime(ort, { ...cpu, accelerator }),
    notes: [`Attacks search on ${device}; predictions and proofs are computed on the CPU.`],
  };
}

function wasmOver(ort: LoadedOrt): Runtime {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  const version = ort.env.versions.web ?? ort.env.versions.common;
  return ortRuntime(ort, {
    name: `onnxruntime-web ${version} (wasm)`,
    executionProviders: ['wasm'],
  });
}

/** A provider may be listed and yet lack its libraries or its hardware: only a session tells. */
async function probe(runtime: Runtime, device: Device): Promise<void> {
  const b = new Builder();
  const x = b.input('x', [1]);
  try {
    const session = await runtime.session(writeModel(b.graph({ y: b.add(x, 1) })));
    await session.run({ x: { type: 'float32', shape: [1], data: new Float32Array(1) } });
    await session.release();
  } catch (error) {
    // The runtime's messages begin with a place in its sources.
    const [line = ''] = messageOf(error).split('\n');
    throw missing(device, line.replace(/^.*(?:was false|Exception)\. /, ''));
  }
}

function missing(device: Device, reason: string): UsageError {
  return new UsageError(
    `The device ${device} cannot be used here (${reason}); leave out --device, or use cpu or wasm.`,
  );
}
