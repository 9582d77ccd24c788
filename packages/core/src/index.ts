/** The public face of @glacis/core. */
export * from './tensor/tensor.ts';
