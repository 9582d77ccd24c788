/** The original file as it is run to judge: its inputs in the types it declares, its scores as float64. */
import { ModelError } from '../onnx/model-error.ts';
import { hostTypeOf, type Port } from '../onnx/ports.ts';
import type { Model } from '../onnx/read.ts';
import { sizeOf, type Tensor, tensor } from '../tensor/tensor.ts';
import { OutOfTime } from './deadline.ts';
import { refusalOf } from './refusal.ts';
import { rowsAtOnce } from './rows.ts';
import type { Runtime, Session } from './runtime.ts';
import { type SideInput, sideRows } from './side-inputs.ts';

export interface Original {
  /** Values of one output for rows [streams × sampleSize]: [streams × width]. */
  run(rows: Float32Array, streams: readonly number[], pass: number): Promise<Float64Array>;
  release(): Promise<void>;
}

export interface OriginalShape {
  /** The perturbed input, and the shape of one sample of it. */
  readonly input: string;
  readonly sampleShape: readonly number[];
  readonly sides: readonly SideInput[];
  readonly output: string;
}

/** Whole numbers and truth values as the file takes them. */
export function fedAs(port: Port, shape: readonly number[], data: Float32Array): Tensor {
  const type = hostTypeOf(port) ?? 'float32';
  switch (type) {
    case 'int64':
      return tensor(
        type,
        shape,
        BigInt64Array.from(data, (value) => BigInt(Math.trunc(value))),
      );
    case 'int32':
      return tensor(type, shape, Int32Array.from(data));
    case 'int8':
      return tensor(type, shape, Int8Array.from(data));
    case 'uint8':
      return tensor(type, shape, Uint8Array.from(data));
    case 'bool':
      return tensor(
        type,
        shape,
        Uint8Array.from(data, (value) => Number(value !== 0)),
      );
    case 'float32':
    case 'float64':
      return tensor('float32', shape, data);
  }
}

export async function openOriginal(
  model: Model,
  runtime: Runtime,
  shape: OriginalShape,
): Promise<Original> {
  const session = await loaded(model, runtime);
  return { run: runWith(model, session, shape), release: () => session.release() };
}

async function loaded(model: Model, runtime: Runtime): Promise<Session> {
  try {
    return await runtime.session(model.bytes);
  } catch (cause) {
    if (cause instanceof OutOfTime) throw cause;
    throw new ModelError('invalid', `ONNX Runtime cannot load the model: ${refusalOf(cause)}`, {
      cause,
    });
  }
}

/** Any number of rows at once where the file's own batch axis is open. */
function runWith(model: Model, session: Session, shape: OriginalShape): Original['run'] {
  const { input, sampleShape, sides, output } = shape;
  const portOf = (name: string): Port => {
    const port = model.inputs.find((each) => each.name === name);
    if (!port) throw new RangeError(`the model has no input ${name}`);
    return port;
  };
  const [port, size] = [portOf(input), sizeOf(sampleShape)];
  const isOpen = model.inputs.every(({ shape: [first] }) => typeof first === 'string');
  const chunk = model.batchAxis && isOpen ? rowsAtOnce({ model }) : 1;
  const fed = (rows: number, sample: readonly number[]): number[] =>
    model.batchAxis ? [rows, ...sample] : [...sample];
  return async (rows, streams, pass) => {
    const parts: Float64Array[] = [];
    for (let start = 0; start < streams.length; start += chunk) {
      const own = streams.slice(start, start + chunk);
      const data = rows.slice(start * size, (start + own.length) * size);
      const feeds = Object.fromEntries([
        [input, fedAs(port, fed(own.length, sampleShape), data)],
        ...sides.map((side) => [
          side.port.name,
          fedAs(side.port, fed(own.length, side.shape), sideRows(side, own, pass)),
        ]),
      ]) as Record<string, Tensor>;
      parts.push(await answered(session, feeds, output));
    }
    return joined(parts);
  };
}

async function answered(
  session: Session,
  feeds: Record<string, Tensor>,
  output: string,
): Promise<Float64Array> {
  try {
    const result = (await session.run(feeds))[output];
    if (!result) throw new RangeError(`it gives no ${output}`);
    return Float64Array.from(result.data as ArrayLike<number>, Number);
  } catch (cause) {
    if (cause instanceof OutOfTime) throw cause;
    throw new ModelError('invalid', `ONNX Runtime cannot run the model: ${refusalOf(cause)}`, {
      cause,
    });
  }
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
