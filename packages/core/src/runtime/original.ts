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
  /** Values of the outputs, one behind the other, for rows [streams × sampleSize]: [streams × width]. */
  run(rows: Float32Array, streams: readonly number[], pass: number): Promise<Float64Array>;
  release(): Promise<void>;
}

export interface OriginalShape {
  /** The perturbed inputs, whose samples make up a row, and the shape of one sample of each. */
  readonly inputs: readonly OriginalInput[];
  readonly sides: readonly SideInput[];
  readonly outputs: readonly string[];
}

export interface OriginalInput {
  readonly name: string;
  readonly sampleShape: readonly number[];
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
  const { inputs, sides, outputs } = shape;
  let from = 0;
  const parts = inputs.map(({ name, sampleShape }) => {
    const port = model.inputs.find((each) => each.name === name);
    if (!port) throw new RangeError(`the model has no input ${name}`);
    const size = sizeOf(sampleShape);
    from += size;
    return { name, port, sampleShape, place: { from: from - size, size } };
  });
  const width = from;
  const isOpen = model.inputs.every(({ shape: [first] }) => typeof first === 'string');
  const chunk = model.batchAxis && isOpen && !model.lifted ? rowsAtOnce({ model }) : 1;
  const fed = (rows: number, sample: readonly number[]): number[] =>
    model.batchAxis ? [rows, ...sample] : [...sample];
  return async (rows, streams, pass) => {
    const found: Float64Array[] = [];
    for (let start = 0; start < streams.length; start += chunk) {
      const own = streams.slice(start, start + chunk);
      const data = rows.slice(start * width, (start + own.length) * width);
      const feeds = Object.fromEntries([
        ...parts.map(({ name, port, sampleShape, place }) => [
          name,
          fedAs(port, fed(own.length, sampleShape), columns(data, width, place)),
        ]),
        ...sides.map((side) => [
          side.port.name,
          fedAs(side.port, fed(own.length, side.shape), sideRows(side, own, pass)),
        ]),
      ]) as Record<string, Tensor>;
      found.push(sideBySide(await answered(session, feeds, outputs), own.length));
    }
    return joined(found);
  };
}

/** Of rows of a width, what lies at a place in each. */
function columns(
  rows: Float32Array,
  width: number,
  { from, size }: { readonly from: number; readonly size: number },
): Float32Array {
  if (size === width) return rows;
  const own = new Float32Array((rows.length / width) * size);
  for (let row = 0; row * size < own.length; row++) {
    own.set(rows.subarray(row * width + from, row * width + from + size), row * size);
  }
  return own;
}

/** Tables of so many rows as one. */
function sideBySide(tables: readonly Float64Array[], rows: number): Float64Array {
  const [only, more] = tables;
  if (only && !more) return only;
  const widths = tables.map(({ length }) => length / rows);
  const width = widths.reduce((sum, own) => sum + own, 0);
  const all = new Float64Array(rows * width);
  let from = 0;
  tables.forEach((table, k) => {
    const own = widths[k] ?? 0;
    for (let row = 0; row < rows; row++) {
      all.set(table.subarray(row * own, (row + 1) * own), row * width + from);
    }
    from += own;
  });
  return all;
}

async function answered(
  session: Session,
  feeds: Record<string, Tensor>,
  outputs: readonly string[],
): Promise<Float64Array[]> {
  try {
    const results = await session.run(feeds);
    return outputs.map((name) => {
      const result = results[name];
      if (!result) throw new RangeError(`it gives no ${name}`);
      return Float64Array.from(result.data as ArrayLike<number>, Number);
    });
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
