/** Runs ONNX bytes in ONNX Runtime on one thread, for tests. */
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { type DataType, type Tensor, tensor } from '../src/tensor/tensor.ts';

export type Tensors = Readonly<Record<string, Tensor>>;

export interface Loaded {
  readonly run: (feeds: Tensors) => Promise<Record<string, Tensor>>;
}

export interface LoadOptions {
  /** Whether ONNX Runtime may fuse and fold (its default). */
  readonly optimise?: boolean;
}

export async function load(bytes: Uint8Array, options: LoadOptions = {}): Promise<Loaded> {
  const session = await InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    graphOptimizationLevel: options.optimise === false ? 'disabled' : 'all',
  });
  const wanted = new Set(session.inputNames);
  return {
    run: async (feeds) => {
      const given = Object.entries(feeds)
        .filter(([name]) => wanted.has(name))
        .map(([name, value]) => [name, new OrtTensor(value.type, value.data, value.shape)]);
      const results = await session.run(Object.fromEntries(given) as Record<string, OrtTensor>);
      return Object.fromEntries(
        Object.entries(results).map(([name, value]) => [name, hostTensor(value)]),
      );
    },
  };
}

/** Loads and runs once. */
export async function runOnnx(
  bytes: Uint8Array,
  feeds: Tensors,
  options: LoadOptions = {},
): Promise<Record<string, Tensor>> {
  return (await load(bytes, options)).run(feeds);
}

function hostTensor(value: OrtTensor): Tensor {
  // The runtime's element types that these tests meet are the host's.
  return tensor(value.type as DataType, value.dims, value.data as Tensor['data']);
}
