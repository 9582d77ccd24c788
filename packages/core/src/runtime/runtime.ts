/**
 * Where programs run. A Runtime turns ONNX bytes into a Session; the adapter below serves
 * onnxruntime-node and onnxruntime-web alike (they share one interface). Nothing here knows Node.
 */
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-common';
import type { DataType, Tensor } from '../tensor/tensor.ts';

export type Feeds = Readonly<Record<string, Tensor>>;

export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * Feeds that the model does not have are left out. `into`: results of an earlier run that nobody needs any more;
   * they may be written over.
   */
  run(feeds: Feeds, into?: Feeds): Promise<Feeds>;
  release(): Promise<void>;
}

export interface Runtime {
  /** For people: "onnxruntime-node 1.30.0 (cpu)". */
  readonly name: string;
  /** Where attacks may search instead. What closes anything (the judge, bounds) never runs there. */
  readonly accelerator?: Runtime;
  session(bytes: Uint8Array, options?: SessionOptions): Promise<Session>;
}

export interface SessionOptions {
  /** false: for graphs of so many nodes that looking for better ones takes longer than it saves. */
  readonly optimised?: boolean;
}

/** The part of onnxruntime-node and onnxruntime-web that Glacis uses. */
export interface OnnxRuntime {
  readonly InferenceSession: {
    create(bytes: Uint8Array, options?: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: new (
    type: OrtTensor.Type,
    data: OrtTensor.DataType,
    dims: readonly number[],
  ) => OrtTensor;
}

export interface RuntimeOptions {
  readonly name: string;
  /** Threads of one session; 1 unless a single large model has the machine to itself. */
  readonly threads?: number;
  /**
   * Whether a run writes its results into tensors that it is given for them, as onnxruntime-node does;
   * onnxruntime-web gives them back as they were. Default false.
   */
  readonly writesInto?: boolean;
  readonly executionProviders?: readonly InferenceSession.ExecutionProviderConfig[];
  readonly accelerator?: Runtime;
}

const hostTypes: ReadonlySet<string> = new Set<DataType>([
  'float32',
  'float64',
  'int32',
  'int64',
  'uint8',
  'int8',
  'bool',
]);

function fromOrt(value: OrtTensor): Tensor {
  if (!hostTypes.has(value.type)) {
    throw new TypeError(`an output has element type ${value.type}, which is not supported`);
  }
  // The type names agree, and with them the arrays behind `data`.
  return { type: value.type, shape: value.dims, data: value.data } as Tensor;
}

/** A Runtime over one of the ONNX Runtime packages. */
export function ortRuntime(ort: OnnxRuntime, options: RuntimeOptions): Runtime {
  const { threads = 1, executionProviders = ['cpu'], writesInto = false } = options;
  return {
    name: options.name,
    ...(options.accelerator ? { accelerator: options.accelerator } : {}),
    session: async (bytes, { optimised = true } = {}) => {
      const session = await ort.InferenceSession.create(bytes, {
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        graphOptimizationLevel: optimised ? 'all' : 'disabled',
        executionProviders: [...executionProviders],
        logSeverityLevel: 4,
      });
      return {
        inputNames: session.inputNames,
        outputNames: session.outputNames,
        run: async (feeds, into) => {
          const wrapped = (tensors: Feeds, names: readonly string[]): Record<string, OrtTensor> => {
            const own: Record<string, OrtTensor> = {};
            for (const name of names) {
              const given = tensors[name];
              if (given) own[name] = new ort.Tensor(given.type, given.data, given.shape);
            }
            return own;
          };
          const inputs = wrapped(feeds, session.inputNames);
          const results = await (into && writesInto
            ? session.run(inputs, wrapped(into, session.outputNames))
            : session.run(inputs));
          // Texts are labels beside the scores.
          const numbers = Object.entries(results).filter(([, { type }]) => type !== 'string');
          return Object.fromEntries(numbers.map(([name, value]) => [name, fromOrt(value)]));
        },
        release: () => session.release(),
      };
    },
  };
}
