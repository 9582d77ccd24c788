/** What ONNX Runtime says, with and without where in its sources it says it. */
import { expect, test } from 'vitest';
import { refusalOf } from '../../src/runtime/refusal.ts';

test.each([
  [
    'Exception during initialization: /onnxruntime_src/onnxruntime/core/providers/cpu/nn/pool_attributes.h:88 onnxruntime::PoolAttributes::PoolAttributes(const KernelInfoType&, const std::string&, int) [with KernelInfoType = onnxruntime::OpKernelInfo; std::string = std::__cxx11::basic_string<char>] pads[dim] < kernel_shape[dim] was false. Pad should be smaller than kernel.',
    'Exception during initialization: pads[dim] < kernel_shape[dim] was false. Pad should be smaller than kernel',
  ],
  [
    'Exception during initialization: /onnxruntime_src/onnxruntime/core/providers/cpu/nn/lrn.h:23 onnxruntime::LRN<T>::LRN(const onnxruntime::OpKernelInfo&) [with T = float] size_ % 2 == 1 was false. \n',
    'Exception during initialization: size_ % 2 == 1 was false',
  ],
  [
    "Non-zero status code returned while running Conv node. Name:'/4/Conv' Status Message: Dilation not supported\nat x",
    "Non-zero status code returned while running Conv node. Name:'/4/Conv' Status Message: Dilation not supported",
  ],
])('%s', (message, reason) => {
  expect(refusalOf(new Error(message))).toBe(reason);
});
