/** Files in float16: read with their exact weights, judged by their own arithmetic, proven over the reals. */
import { toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, type TensorProto, type ValueInfoProto } from 'onnx-buf';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { audit } from '../../src/audit/audit.ts';
import { readTensor } from '../../src/onnx/element-types.ts';
import { ModelError } from '../../src/onnx/model-error.ts';
import { declaredPorts } from '../../src/onnx/declared-inputs.ts';
import { readModel } from '../../src/onnx/read.ts';
import { writeModel } from '../../src/onnx/write.ts';
import { openClassifier } from '../../src/runtime/open-classifier.ts';
import { ortRuntime } from '../../src/runtime/runtime.ts';
import { floats } from '../../src/tensor/tensor.ts';
import { Threat } from '../../src/threats/threat.ts';
import { expectAllclose } from '../allclose.ts';
import { runOnnx } from '../onnxruntime.ts';
import { type FileSpec, modelProto, one, onnxFile, tensorProto, weights } from './hand-made.ts';

const HALF = 10;
const runtime = ortRuntime(ort, { name: 'onnxruntime-node' });

/** The bits of the nearest normal float16. */
function halfBits(value: number): number {
  if (value === 0) return 0;
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  const fraction = Math.round((Math.abs(value) / 2 ** exponent - 1) * 1024);
  return (value < 0 ? 0x8000 : 0) + (exponent + 15) * 1024 + fraction;
}

function toHalf(tensor: TensorProto): void {
  const values = new Float32Array(tensor.rawData.slice().buffer);
  const bits = Uint16Array.from(values, halfBits);
  Object.assign(tensor, { dataType: HALF, rawData: new Uint8Array(bits.buffer) });
}

function portToHalf({ type }: ValueInfoProto): void {
  if (type?.value.case === 'tensorType') type.value.value.elemType = HALF;
}

const network: FileSpec = {
  opset: 17,
  inputs: { x: ['n', 4] },
  outputs: ['y'],
  nodes: [
    { op: 'Gemm', inputs: ['x', 'w1', 'b1'], outputs: ['hidden'] },
    { op: 'Relu', inputs: ['hidden'], outputs: ['bent'] },
    { op: 'MatMul', inputs: ['bent', 'w2'], outputs: ['y'] },
  ],
  initializers: { w1: weights(4, 8), b1: weights(8), w2: weights(8, 3) },
};

function halfFile(): Uint8Array<ArrayBuffer> {
  const proto = modelProto(network);
  const { graph } = proto;
  graph?.initializer.forEach(toHalf);
  [...(graph?.input ?? []), ...(graph?.output ?? [])].forEach(portToHalf);
  return toBinary(ModelProtoSchema, proto);
}

test('inputs and outputs are declared in the types of the file, whatever they are read as', () => {
  const file = halfFile();
  const model = readModel(file);
  const types = ({ inputs, outputs }: Pick<typeof model, 'inputs' | 'outputs'>): string[] =>
    [...inputs, ...outputs].map(({ type }) => type);
  expect(types(model)).toEqual(['float32', 'float32']);
  expect(types(declaredPorts(model, file))).toEqual(['float16', 'float16']);
});

test('float16 numbers are read exactly: normal, subnormal, zero, infinite, none', () => {
  const bits = Uint16Array.of(
    0x3c00,
    0xc000,
    0x3555,
    0x0001,
    0x83ff,
    0x8000,
    0x7c00,
    0xfc00,
    0x7bff,
  );
  const tensor = tensorProto('t', floats(new Float32Array(bits.length)));
  const raw = Object.assign(tensor, { dataType: HALF, rawData: new Uint8Array(bits.buffer) });
  const exact = [1, -2, 1365 / 4096, 2 ** -24, -1023 * 2 ** -24, -0, Infinity, -Infinity, 65504];
  const read = readTensor(raw, 'the tensor');
  expect(read.type).toBe('float32');
  expect(Array.from(read.data, Number)).toEqual(exact);
  const fields = Object.assign(tensor, { rawData: new Uint8Array(), int32Data: [...bits] });
  expect(Array.from(readTensor(fields, 'the tensor').data, Number)).toEqual(exact);
});

describe('a model in float16', () => {
  const x = floats([0.5, -1, 0.25, 2, 1, 1, -0.75, 0.125], [2, 4]);

  test('takes and gives float32 numbers, in its bytes and in its graph', async () => {
    const model = readModel(halfFile());
    expect(model.precision).toBe('float16');
    expect([...model.inputs, ...model.outputs].map(({ type }) => type)).toEqual([
      'float32',
      'float32',
    ]);
    const own = (await runOnnx(model.bytes, { x }))['y'];
    const loose = { relative: 5e-3, absolute: 5e-3 };
    expectAllclose((await runOnnx(writeModel(model.graph), { x }))['y'], own, loose);
    expect(readModel(model.bytes).precision).toBe('float16');
  });

  test('is opened as a classifier, which says so', async () => {
    const classifier = await openClassifier(readModel(halfFile()), runtime);
    expect(classifier.notes.join(' ')).toContain('float16');
    await classifier.release();
  });

  test('is proven over the reals only', async () => {
    const model = readModel(halfFile());
    const threat = new Threat('linf', { eps: 0.01 });
    const job = { model, data: { x }, threat, runtime };
    await expect(audit(job)).rejects.toThrow(ModelError);
    await expect(audit(job)).rejects.toThrow(/--semantics real/);
    const proven = await audit({ ...job, semantics: 'real' });
    expect(proven.samples.length).toBe(2);
    const attacked = await audit({ ...job, proofs: false, radii: false });
    expect(attacked.samples.length).toBe(2);
  });
});

test('a file with a cast to float16 inside computes in float16, any other in float32', () => {
  expect(readModel(onnxFile(network)).precision).toBe('float32');
  const cast = one('Cast', 'to float16', { attributes: { to: HALF } });
  const back = { op: 'Cast', inputs: ['h'], outputs: ['y'], attributes: { to: 1 } };
  const nodes = [...cast.nodes.map((node) => ({ ...node, outputs: ['h'] })), back];
  expect(readModel(onnxFile({ ...cast, nodes })).precision).toBe('float16');
});
